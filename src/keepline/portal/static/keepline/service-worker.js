/* Keeps the last known state of a holder's pages for the time without a connection.
   Pages are always asked for first; a kept copy is shown only when nobody answers. Signing in or
   out forgets the copies: they belong to one person. Nothing that changes anything is kept.
   Messages of the operator are shown as they come; who signs out gets none here any more. */
"use strict";

const PAGES = "keepline-pages-1";
const FILES = "keepline-files-1";
const OFFLINE = "/offline/";
const LOGOUT = "/accounts/logout/";
const KEPT = /^\/(lines\/[0-9a-f-]{36}\/|wallet\/)?$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.add(OFFLINE)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const stale = (name) => name.startsWith("keepline-") && name !== PAGES && name !== FILES;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(stale).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (url.pathname === LOGOUT && request.method === "POST") event.waitUntil(unsubscribe());
  if (url.pathname.startsWith("/accounts/")) { event.waitUntil(caches.delete(PAGES)); return; }
  if (request.method !== "GET") return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(request, url));
});

async function file(request) {
  const cache = await caches.open(FILES);
  try {
    const answer = await fetch(request);
    if (answer.ok) cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    return (await cache.match(request)) || Response.error();
  }
}

async function page(request, url) {
  const cache = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected && KEPT.test(url.pathname)) cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    return (await cache.match(request)) || (await caches.match(OFFLINE)) || Response.error();
  }
}

self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch (error) { /* nothing readable: the browser wants a message all the same */ }
  event.waitUntil(self.registration.showNotification(said.title || "Keepline", { body: said.body || "", lang: said.lang, tag: said.tag, data: said.path }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data || "/", location.origin);
  if (page.origin === location.origin) event.waitUntil(self.clients.openWindow(page.href));
});

async function unsubscribe() {
  const subscription = await self.registration.pushManager.getSubscription();
  if (subscription) await subscription.unsubscribe();
}
