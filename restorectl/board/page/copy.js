// Every button with the class `copy` copies the text of the element before it.

import { announce } from "./announce.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const source = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
    announce("The command is selected: copy it with the keyboard.");
  }
});
