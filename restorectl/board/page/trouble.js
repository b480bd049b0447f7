// Says above everything else that the page cannot see, since when, and what to do.

import { draw, h, said } from "./dom.js";
import { command, remedy } from "./parts.js";

let seenAt = "";

export function showTrouble(trouble) {
  const seen = seenAt ? `Below is what was seen at ${seenAt.slice(11, 19)} UTC. ` : "";
  draw(
    document.getElementById("trouble"),
    h(
      "section",
      { class: "card bad trouble" },
      h("h2", {}, said(trouble.message)),
      h("p", {}, seen, "The page goes on asking."),
      remedy(trouble.action),
      trouble.command && command(trouble.command),
    ),
  );
  live("Not live", "bad");
}

export function showLive(answer) {
  seenAt = answer.asOf;
  document.getElementById("trouble").replaceChildren();
  document.getElementById("account").textContent = answer.account;
  live(`Live, ${answer.asOf.slice(11, 19)} UTC`, "good");
}

function live(text, tone) {
  const place = document.getElementById("live");
  place.className = `live ${tone}`;
  place.textContent = text;
}
