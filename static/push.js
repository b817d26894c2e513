// «Tell this browser»: asks for leave, has the browser make an address and keys, and sends them with its form.
// A browser in which none of that works keeps the sentence that says what works instead.
const form = document.querySelector("form[data-push]");
const able = isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
for (const words of document.querySelectorAll("[data-without-push]")) words.hidden = able;

const tell = name => {
  for (const words of form.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== name;
};

const subscribed = async application => {
  if (await Notification.requestPermission() !== "granted") throw new DOMException("", "NotAllowedError");
  await navigator.serviceWorker.register("/push-worker.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  // One that is there may be somebody else's, or made for a key that we no longer have.
  await (await pushManager.getSubscription())?.unsubscribe();
  return (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: application })).toJSON();
};

// Told already, and the browser still has what it needs for it: there is nothing to press.
const standing = async () => "told" in form.dataset && Notification.permission === "granted"
  && Boolean(await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription());

if (form && able) form.hidden = await standing();

let busy = false;
// Before app.js looks at the form, to which a form that waits is not sent yet.
document.addEventListener("submit", async event => {
  if (event.target !== form || !able || form.elements.endpoint.value) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  tell(null);
  try {
    const application = form.dataset.push, { endpoint, keys } = await subscribed(application);
    form.elements.endpoint.value = endpoint;
    form.elements.key.value = keys.p256dh;
    form.elements.secret.value = keys.auth;
    // What the worker proves itself by, should the address change.
    const cache = await caches.open("push");
    await cache.put("/push-told", Response.json({ endpoint, secret: keys.auth, application }));
    form.requestSubmit(event.submitter);
  } catch (trouble) {
    tell(trouble.name === "NotAllowedError" ? "NotAllowedError" : "");
  }
  busy = false;
}, true);

// Back in history brings a page back as it was: an address is made anew each time.
addEventListener("pageshow", () => { if (form) form.elements.endpoint.value = ""; });
