// What does a browser show while the gateway is away? A page that says so, and that goes on by itself.
"use strict";
const AWAY = "/static/away.html";
const KEPT = [AWAY, "/static/away.js", "/static/maestro.css"];
const CACHE = "maestro-away-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match(AWAY)));
  } else if (url.origin === location.origin && KEPT.includes(url.pathname) && !url.search) {
    event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
  }
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/gates"));
});
