// What the pages gain by a script. Every page works without it; nothing here knows a page.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, does, capture = false) => document.addEventListener(name, does, capture);
  const closest = (event, selector) => event.target.closest?.(selector);

  // Buttons that need a script are hidden by the style sheet until this says that there is one.
  document.documentElement.classList.add("scripted");

  // --- dialog: a block `modal` that htmx fetched opens in <dialog id="dialog">; without htmx it is a page ---

  let menu = null;
  on("htmx:after:swap", () => {
    const dialog = one("#dialog");
    if (!dialog || dialog.open || !one("form#modal", dialog)) return;
    menu = document.activeElement.closest("[popover]");
    dialog.showModal();
  });

  const close = () => one("#dialog")?.close();
  on("modal:close", close);
  on("click", event => {
    const dialog = one("#dialog");
    // The cancel link leads back to the page; in the dialog one is already there. So does the grey around it.
    if (dialog?.open && (event.target === dialog || dialog.contains(closest(event, "[data-close]")))) {
      event.preventDefault();
      close();
    }
  });
  on("close", event => {
    if (event.target.id !== "dialog") return;
    const place = document.createElement("div");
    place.id = "modal";
    event.target.replaceChildren(place);
    // What was pressed stands in a menu that is closed by now: back to the button of the menu.
    if (menu && document.activeElement === document.body) one(`[popovertarget="${menu.id}"]`)?.focus();
  }, true);

  // --- focus: to what is wrong; to the new page; back to the button that was switched off while it was busy ---

  const toErrors = () => (one("dialog[open] #errors") ?? one("#errors") ?? one("[aria-invalid=true]"))?.focus();
  toErrors();

  let pressed = null;
  on("htmx:before:request", () => { pressed = document.activeElement; });
  on("htmx:after:swap", event => {
    const { response, target } = event.detail.ctx;
    if (response?.status === 422) return toErrors();
    if (target === "body" || target === document.body) { one("#main")?.focus({ preventScroll: true }); }
  });
  on("htmx:finally:request", () => {
    const back = pressed;
    // htmx switches the button on again after this event.
    setTimeout(() => { if (back?.isConnected && document.activeElement === document.body) back.focus(); });
  });

  // --- an answer that was given elsewhere: the form that waited for it goes on ---

  const go = () => one("[data-go]")?.closest("form").requestSubmit();
  on("htmx:after:swap", go);

  // --- busy regions, lost connections ---

  on("htmx:before:request", event => event.detail.ctx.target?.setAttribute?.("aria-busy", "true"));
  on("htmx:finally:request", event => event.detail.ctx.target?.removeAttribute?.("aria-busy"));
  on("htmx:error", event => {
    const note = one("#t-offline");
    // Only a request that went wrong: htmx reports its own troubles by the same name.
    if (note && event.detail.ctx?.request && !event.detail.ctx.response) one("#toasts")?.append(note.content.cloneNode(true));
  });

  // --- toasts leave after six seconds, unless looked at or holding something to press ---

  const LEAVE = 6000;
  const leaving = toast => setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leaving(toast);
    else toast.remove();
  }, LEAVE);
  const seen = new WeakSet();
  const watch = () => all("#toasts > .toast").forEach(toast => {
    if (seen.has(toast) || one("a, button", toast)) return;
    seen.add(toast);
    leaving(toast);
  });
  watch();
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true });

  // --- forms ---

  // Our own messages, in the page's language and beside the field, instead of the browser's.
  on("click", event => {
    const button = closest(event, "[type=submit]");
    if (button?.form?.method === "post") button.form.noValidate = true;
  }, true);

  // A second press while the first is under way does nothing.
  on("submit", event => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    // A download leaves the page where it is, and Back brings it back as it was.
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach(form => delete form.dataset.sent));

  // Leaving a form that asks for it, with changes in it, asks first.
  let changed = false;
  on("input", event => {
    const form = event.target.form;
    if (form?.matches("[data-guard]")) { changed = true; form.dataset.changed = ""; }
  });
  on("submit", () => { changed = false; });
  addEventListener("beforeunload", event => { if (changed) event.preventDefault(); });

  // --- small helps ---

  on("click", event => {
    const button = closest(event, "[data-show], [data-copy], [data-print]");
    if (!button) return;
    if ("print" in button.dataset) return print();
    const field = document.getElementById(button.dataset.show ?? button.dataset.copy);
    if (!field) return;
    if ("show" in button.dataset) {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", shown);
      return;
    }
    const words = field.value ?? field.textContent.trim();
    navigator.clipboard.writeText(words).then(() => {
      const label = one("[data-copied]", button);
      if (!label || label.textContent === label.dataset.copied) return;
      const before = label.textContent;
      label.textContent = label.dataset.copied;
      setTimeout(() => { label.textContent = before; }, 2000);
    }, () => field.select?.());
  });
  // What is typed goes away hidden, so that the browser offers to remember a password and not a text.
  on("submit", event => all("[data-show][aria-pressed=true]", event.target).forEach(button => button.click()), true);

  // The box in a table's head ticks all of them; it shows when only some are.
  on("change", event => {
    const box = event.target;
    if (!box.matches?.("table .check")) return;
    const table = box.closest("table"), head = one("thead .check", table), rows = all(".pickrow:not(:disabled)", table);
    if (box === head) rows.forEach(row => { row.checked = head.checked; });
    if (!head) return;
    const ticked = rows.filter(row => row.checked).length;
    head.checked = rows.length > 0 && ticked === rows.length;
    head.indeterminate = ticked > 0 && ticked < rows.length;
    all("[data-picked]", box.form ?? document).forEach(place => { place.textContent = ticked; });
  });

  // A list beside a search field shrinks to what is typed.
  on("input", event => {
    const list = event.target.dataset?.narrow && one(event.target.dataset.narrow);
    if (!list) return;
    const plain = words => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const wanted = plain(event.target.value.trim());
    for (const entry of list.children) entry.hidden = !plain(entry.textContent).includes(wanted);
  });

  on("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && one(".find")) {
      event.preventDefault();
      one(".find").click();
    }
  });
})();
