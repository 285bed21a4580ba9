/* The installed app: registers the worker that keeps last known states, and says when one is shown. */
(() => {
  "use strict";
  if ("serviceWorker" in navigator) addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js"));

  const OLD_MS = 10 * 60 * 1000; // a page just loaded yet this old came from the kept copies
  const tell = () => document.querySelectorAll("[data-as-of]").forEach((note) => {
    const at = new Date(note.dataset.asOf);
    note.hidden = navigator.onLine && Date.now() - at < OLD_MS;
    note.querySelector("[data-as-of-time]").textContent = at.toLocaleString(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  });
  addEventListener("DOMContentLoaded", tell);
  // Of tabs in a row that is wider than the screen the present one is shown.
  addEventListener("DOMContentLoaded", () => document.querySelector(".spans [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" }));
  addEventListener("offline", tell);
  addEventListener("online", () => { if (document.querySelector("[data-as-of]:not([hidden])")) location.reload(); });
})();
