// Which restores are shown. The choice stands in the page's address: it can be kept and sent on.

import { draw, h } from "./dom.js";
import { name, secondsOf } from "./format.js";
import { STATUSES, wordOf } from "./words.js";

const SPANS = { "1h": 3600, "6h": 21600, "24h": 86400, "7d": 604800, "30d": 2592000 };
const NAMES = ["since", "status", "vault"];
const USUAL = { since: "24h", status: "", vault: "" };
const OPEN = "open";

const form = document.getElementById("filters");

/** Call `changed` with every choice, of a list or of the browser's way back. */
export function onChoice(changed) {
  const choose = () => {
    const chosen = new URLSearchParams(
      NAMES.map((one) => [one, form.elements[one].value]).filter(([one, value]) => value !== USUAL[one]),
    );
    history.replaceState(undefined, "", chosen.size ? `/?${chosen}` : "/");
    changed();
  };
  form.addEventListener("change", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const one of NAMES) form.elements[one].value = USUAL[one];
    choose();
  });
}

export function wanted() {
  const asked = new URLSearchParams(location.search);
  const chosen = Object.fromEntries(NAMES.map((one) => [one, asked.get(one) ?? USUAL[one]]));
  return chosen.since in SPANS ? chosen : { ...chosen, since: USUAL.since };
}

/** Whether the restore still lies in the time that is shown: what runs always does. */
export function isInTime(item, now) {
  const began = item.acceptedAt ?? item.requestedAt ?? item.completedAt;
  return !item.ended || !began || secondsOf(began) >= secondsOf(now) - SPANS[wanted().since];
}

export function isWanted(item) {
  const { status, vault } = wanted();
  if (vault && item.vaultId?.toLowerCase() !== vault.toLowerCase()) return false;
  if (!status) return true;
  return status === OPEN ? !item.ended : item.ended && item.status === status;
}

/** Fill the lists with what there is to choose. */
export function drawFilters(items) {
  const chosen = wanted();
  const vaults = new Map(items.filter((one) => one.vaultId).map((one) => [one.vaultId.toLowerCase(), one.vaultId]));
  const named = [...vaults].map(([key, id]) => [key, name(id)]).sort((a, b) => a[1].localeCompare(b[1]));
  list("status", [["", "All"], [OPEN, "Under way"], ...STATUSES.map((one) => [one, wordOf(one)])], chosen.status);
  list("vault", [["", "All"], ...named], chosen.vault);
  form.elements.since.value = chosen.since;
}

function list(which, options, chosen) {
  const known = options.some(([value]) => value === chosen) ? options : [...options, [chosen, name(chosen)]];
  draw(
    form.elements[which],
    known.map(([value, text]) => h("option", { value, "data-key": `o ${value}` }, text)),
  );
  form.elements[which].value = chosen;
}

export const spanOf = () => SPANS[wanted().since];

export const timeText = () => form.elements.since.selectedOptions[0].textContent.toLowerCase();
