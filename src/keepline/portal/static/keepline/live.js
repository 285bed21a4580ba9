/* An open page of messages hears that there is news (keepline live) and fetches what it does not
   show yet. What is said to it is only that; without it the page is a reload away from being new. */
(() => {
  "use strict";
  const list = document.querySelector("[data-live]");
  const state = document.getElementById("live-state");
  if (!list || !window.EventSource) return;

  const say = (word) => { state.textContent = state.dataset[word]; };
  let fetching = false, again = false;

  const look = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(list.dataset.news, { credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || answer.status === 403 || answer.status === 404) { location.reload(); return; }
      if (answer.ok) add(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { again = true; } // no connection: the stream says when it is back
    fetching = false;
    if (again && navigator.onLine) { again = false; setTimeout(look, 300); }
  };

  const add = (fresh) => {
    const articles = [...fresh.querySelectorAll("article")].filter((each) => !document.getElementById(each.id));
    articles.reverse().forEach((each) => {
      const own = document.importNode(each, true);
      list.prepend(own);
      if (window.htmx) window.htmx.process(own);
    });
    const none = document.getElementById("no-messages");
    if (none && articles.length) none.hidden = true;
  };

  const source = new EventSource(list.dataset.live, { withCredentials: true });
  let missed = false;
  source.addEventListener("open", () => { say("on"); if (missed) { missed = false; look(); } });
  source.addEventListener("news", look);
  source.addEventListener("over", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => { missed = true; say(source.readyState === EventSource.CLOSED ? "off" : "waits"); });
  addEventListener("pagehide", () => source.close());
})();
