// Shows that a sign-in waits, also when no page of ours is open. It fetches nothing and keeps no page.
"use strict";

// A new one takes over at once: there is nothing that an older one would have to finish.
self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", event => {
  const { title, body, path } = event.data.json();
  // One at a time: the latest takes the place of the one before.
  event.waitUntil(self.registration.showNotification(title, { body, tag: "sign-in", renotify: true, data: { path } }));
});

self.addEventListener("notificationclick", event => {
  event.notification.close();
  // A path of ours, whatever else it may say.
  const { pathname } = new URL(event.notification.data.path, self.location.origin);
  event.waitUntil(self.clients.openWindow(pathname));
});

// --- the browser's maker gave it another address: whoever knows the secret of the old one says so ---

const PLACE = "/push-told";

self.addEventListener("pushsubscriptionchange", event => event.waitUntil((async () => {
  const cache = await caches.open("push"), known = await cache.match(PLACE);
  if (!known) return;
  const told = await known.json();
  const made = event.newSubscription ?? await self.registration.pushManager.subscribe(
    { userVisibleOnly: true, applicationServerKey: told.application });
  const { endpoint, keys } = made.toJSON();
  const answer = await fetch("/push/renewed", { method: "POST", body: new URLSearchParams({
    before: told.endpoint, proof: told.secret, endpoint, key: keys.p256dh, secret: keys.auth }) });
  if (answer.ok) await cache.put(PLACE, Response.json({ endpoint, secret: keys.auth, application: told.application }));
})()));
