/* The page of messages on this device: shows what the browser can do, and does it when asked. */
(() => {
  "use strict";
  const box = document.querySelector("[data-push]");
  if (!box) return;
  const show = (state) => box.querySelectorAll("[data-push-state]").forEach((part) => { part.hidden = part.dataset.pushState !== state; });
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const ours = (subscription) => {
    const key = subscription.options.applicationServerKey;
    return key && String(new Uint8Array(key)) === String(bytes(box.dataset.push));
  };

  const tell = async (address, subscription) => {
    const given = subscription.toJSON();
    const body = new FormData(box.querySelector("form"));
    body.set("endpoint", given.endpoint);
    if (given.keys) { body.set("p256dh", given.keys.p256dh); body.set("auth", given.keys.auth); }
    const answer = await fetch(address, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok) throw new Error(await answer.text());
  };

  const look = async () => {
    if (!able) return show("unsupported");
    if (Notification.permission === "denied") return show("blocked");
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.getSubscription();
    if (!subscription || !ours(subscription)) return show("off");
    await tell(box.dataset.pushSubscribe, subscription); // after a new sign-in it is another's
    return show("on");
  };

  const on = async () => {
    show("looking");
    if ((await Notification.requestPermission()) !== "granted") return show(Notification.permission === "denied" ? "blocked" : "off");
    const worker = await navigator.serviceWorker.ready;
    const stale = await worker.pushManager.getSubscription();
    if (stale && !ours(stale)) await stale.unsubscribe();
    const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.push) });
    await tell(box.dataset.pushSubscribe, subscription);
    return show("on");
  };

  const off = async () => {
    show("looking");
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.getSubscription();
    if (subscription) { await tell(box.dataset.pushUnsubscribe, subscription); await subscription.unsubscribe(); }
    return show("off");
  };

  const guarded = (work) => () => work().catch(() => show("failed"));
  box.querySelectorAll("[data-push-on]").forEach((button) => button.addEventListener("click", guarded(on)));
  box.querySelectorAll("[data-push-off]").forEach((button) => button.addEventListener("click", guarded(off)));
  guarded(look)();
})();
