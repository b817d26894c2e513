// Passkeys and security keys: fills the field `data-passkey` of a form before the form is sent.
// A hidden field `data-like` says what the box of that id, in another form of the page, says at that moment.
// What is asked lasts five minutes, so it is fetched when it is needed.
const all = selector => [...document.querySelectorAll(selector)];
const able = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
const FRESH = 4 * 60_000;

// What needs passkeys is hidden by the style sheet until this says that there are some.
document.documentElement.classList.toggle("passkeys", able);
for (const words of all("[data-without-passkeys]")) words.hidden = able;

const asked = async field => {
  const answer = await fetch(field.dataset.from, { headers: { Accept: "application/json" } });
  if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
  // Signed out meanwhile, or a fresh proof is wanted: the page itself leads there.
  if (answer.redirected) location.reload();
  throw new Error(answer.status);
};

const answered = async (field, more) => {
  const options = await asked(field);
  return JSON.stringify(field.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more }));
};

const tell = (field, name) => {
  const sentences = [...field.parentElement.querySelectorAll("[data-when]")];
  const right = sentences.find(sentence => sentence.dataset.when === name) ?? sentences.at(-1);
  for (const sentence of sentences) sentence.hidden = sentence !== right || name === null;
};

document.addEventListener("formdata", event => {
  for (const field of event.target.querySelectorAll("[data-like]"))
    event.formData.set(field.name, document.getElementById(field.dataset.like).checked ? "y" : "");
});

// --- in the address field, without a press; given up when the button is pressed ---

let offer = null;
const offerThem = async field => {
  offer?.abort();
  const mine = offer = new AbortController();
  mine.since = Date.now();
  try {
    field.value = await answered(field, { mediation: "conditional", signal: mine.signal });
    field.form.requestSubmit();
  } catch {
    // Nothing was chosen there: the other ways stand on the page.
  }
};

// --- at the press of a form's button: first the key, then the form ---

let busy = false;
// Before app.js looks at the form, to which a form that waits is not sent yet.
document.addEventListener("submit", async event => {
  const form = event.target, field = form.querySelector("[data-passkey]");
  if (!able || !field || field.value || !form.checkValidity()) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  offer?.abort();
  offer = null;
  tell(field, null);
  try {
    field.value = await answered(field);
    form.requestSubmit(event.submitter);
  } catch (trouble) {
    tell(field, trouble.name);
  }
  busy = false;
}, true);

const offered = able && all("[data-offered]")[0];
if (offered && await PublicKeyCredential.isConditionalMediationAvailable?.()) {
  const again = () => { if (!busy && Date.now() - (offer?.since ?? 0) > FRESH) offerThem(offered); };
  addEventListener("focusin", again);
  again();
}

// Back in history brings a page back as it was: an answer is good once.
addEventListener("pageshow", () => { for (const field of all("[data-passkey]")) field.value = ""; });
