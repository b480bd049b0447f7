// Light, dark, or as the system has it: set before anything is drawn, so it stands apart from the
// modules. What was chosen is kept by this browser for this board.
(() => {
  const CHOICES = ["auto", "light", "dark"];
  const kept = () => {
    const choice = localStorage.getItem("theme");
    return CHOICES.includes(choice) ? choice : "auto";
  };
  const show = (choice) => {
    document.documentElement.dataset.theme = choice;
    const button = document.getElementById("theme");
    if (button) button.textContent = `Theme: ${choice}`;
  };
  show(kept());
  document.addEventListener("DOMContentLoaded", () => {
    show(kept());
    document.getElementById("theme").addEventListener("click", () => {
      localStorage.setItem("theme", CHOICES[(CHOICES.indexOf(kept()) + 1) % CHOICES.length]);
      show(kept());
      document.dispatchEvent(new Event("themechange"));
    });
  });
})();
