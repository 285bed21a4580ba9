/* What improves a page that already works without it. No framework, no inline code. */
(() => {
  "use strict";

  const enhance = (root) => {
    // The browser's zone goes with the sign-up; without script the account starts in UTC.
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    root.querySelectorAll("input[data-time-zone]").forEach((field) => { if (zone) field.value = zone; });

    root.querySelectorAll("[data-needs-script]").forEach((part) => { part.hidden = false; });

    root.querySelectorAll("[data-dismiss]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => button.parentElement.remove());
    });

    root.querySelectorAll("[data-copy]").forEach((button) => {
      if (!navigator.clipboard) return;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = button.dataset.copied || "✓";
      });
    });

    root.querySelectorAll("[data-reveal]").forEach((button) => {
      const field = document.getElementById(button.dataset.reveal);
      button.hidden = false;
      button.addEventListener("click", () => {
        const shown = field.type === "text";
        field.type = shown ? "password" : "text";
        button.setAttribute("aria-pressed", String(!shown));
      });
    });
  };

  // A second click on a form that is under way sends nothing; coming back revives the button.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  if (!window.htmx) addEventListener("DOMContentLoaded", () => enhance(document));
})();
