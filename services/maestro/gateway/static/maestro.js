// How does a page stay what the log says while one looks at it? One stream of changes; keys; notifications; coming back.
"use strict";
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const body = document.body;
  const title = document.title;
  const announce = (text) => { const place = $("[data-announce]"); if (place) place.textContent = text; };
  const isTyping = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private windows */ } };

  // --- times: what stands there is UTC, people live elsewhere ---
  const localTimes = (where) => all("time[datetime]", where).forEach((each) => {
    const at = new Date(each.dateTime);
    if (isNaN(at) || each.dataset.local) return;
    each.dataset.local = "1";
    const short = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    each.textContent = /^\d\d:/.test(each.textContent)
      ? at.toLocaleTimeString(undefined, { ...short, second: "2-digit" })
      : at.toLocaleString(undefined, { ...short, year: "numeric", month: "short", day: "numeric" });
  });

  // --- the stream ---
  let source = null, seq = 0, wait = 1000, timer = 0, holdsLock = false;
  const offline = (is) => { const banner = $("[data-offline]"); if (banner) banner.hidden = !is; };

  function connect() {
    clearTimeout(timer);
    if (source || !body.dataset.live) return;
    const address = new URL(body.dataset.live, location.href);
    if (seq) address.searchParams.set("after", seq);
    source = new EventSource(address);
    source.onopen = () => { wait = 1000; offline(false); };
    source.onerror = () => {
      source.close();
      source = null;
      offline(true);
      timer = setTimeout(comeBack, wait);
      wait = Math.min(wait * 2, 15000);
    };
    source.addEventListener("part", (message) => part(JSON.parse(message.data)));
    source.addEventListener("lines", (message) => { seq = Number(message.lastEventId) || seq; lines(JSON.parse(message.data).html); });
    source.addEventListener("waiting", (message) => waiting(JSON.parse(message.data)));
    source.addEventListener("server", (message) => { const banner = $("[data-server]"); if (banner) banner.hidden = JSON.parse(message.data).up; });
  }

  // A stream can end since the session did: then the log-in page is where one belongs.
  async function comeBack() {
    try {
      const answer = await fetch("/api/v1/health", { cache: "no-store" });
      const session = await fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" });
      if (answer && session.type === "opaqueredirect") return location.reload();
    } catch { /* still away */ }
    connect();
  }

  // A browser keeps few connections to one place: a page that nobody sees keeps none, but for one that notifies.
  function tabs() {
    const close = () => { if (document.hidden && !holdsLock && source) { source.close(); source = null; } else if (!document.hidden) connect(); };
    document.addEventListener("visibilitychange", () => setTimeout(close, document.hidden ? 5000 : 0));
    if (navigator.locks) navigator.locks.request("maestro-live", () => { holdsLock = true; connect(); return new Promise(() => {}); });
  }

  function part({ id, html }) {
    const place = document.getElementById(id);
    if (!place) return;
    const typed = keepTyped(place);
    const focus = place.contains(document.activeElement) ? document.activeElement.id || document.activeElement.name : "";
    const before = new Set(all("[data-open]", place).map((each) => each.id));
    const open = new Set(all("details", place).filter((each) => each.open).map((each) => $("summary", each).textContent));
    const scrolled = all(".scroll, .scroll-x", place).map((each) => [each.scrollLeft, each.scrollTop]);
    const told = new Map(all("[data-gate]", place).map((each) => [each.id, $("[role=alert]", each)]));
    place.innerHTML = html;
    told.forEach((notice, gate) => { const now = document.getElementById(gate); if (notice && now && !$("[role=alert]", now)) $(".prompt", now).after(notice); });
    all("details", place).forEach((each) => { if (open.has($("summary", each).textContent)) each.open = true; });
    all(".scroll, .scroll-x", place).forEach((each, n) => { if (scrolled[n]) [each.scrollLeft, each.scrollTop] = scrolled[n]; });
    bringBack(place, typed);
    if (focus) { const again = document.getElementById(focus) || $(`[name="${CSS.escape(focus)}"]`, place); if (again) again.focus({ preventScroll: true }); }
    localTimes(place);
    if (window.htmx) window.htmx.process(place);
    all("[data-open]", place).filter((each) => !before.has(each.id)).forEach((each) => announce(`The gate ${each.dataset.gate} waits for your answer`));
  }

  // What somebody was writing stays, as long as the gate asks the same.
  const fields = (place) => all("textarea, input:not([type=hidden])", place);
  const keyOf = (field) => `${field.closest("[data-gate]")?.id}/${$("[name=version]", field.form)?.value}/${field.name}/${field.type === "radio" ? field.value : ""}`;
  const keepTyped = (place) => new Map(fields(place).filter((each) => each.form).map((each) => [keyOf(each), each.type === "radio" || each.type === "checkbox" ? each.checked : each.value]));
  function bringBack(place, typed) {
    fields(place).filter((each) => each.form && typed.has(keyOf(each))).forEach((each) => {
      if (each.type === "radio" || each.type === "checkbox") each.checked = typed.get(keyOf(each)); else each.value = typed.get(keyOf(each));
    });
  }

  function lines(html) {
    const list = $("[data-lines]");
    if (!list) return;
    const holder = document.createElement("ol");
    holder.innerHTML = html;
    const fresh = [...holder.children];
    fresh.forEach((each) => each.classList.add("new"));
    localTimes(holder);
    const top = list.scrollTop;
    const height = list.scrollHeight;
    list.prepend(...fresh);
    if (top > 40) list.scrollTop = top + list.scrollHeight - height;
    while (list.children.length > 400) list.lastElementChild.remove();
    if (fresh.length) announce(fresh[0].querySelector(".what")?.firstElementChild?.parentElement.textContent.slice(0, 120) || "");
  }

  // --- what waits: the title, the badge, notifications ---
  let known = null;
  function waiting(gates) {
    document.title = gates.length ? `(${gates.length}) ${title}` : title;
    const badge = $("[data-badge]");
    if (badge) { badge.hidden = !gates.length; $("[data-count]", badge).textContent = gates.length; }
    if (known) gates.filter((gate) => !known.has(gate.id)).forEach(notify);
    known = new Set(gates.map((gate) => gate.id));
  }

  const canNotify = () => "Notification" in window && window.isSecureContext;
  function notify(gate) {
    announce(`The gate ${gate.gate} waits for an answer`);
    if (!canNotify() || Notification.permission !== "granted" || stored("maestro-notify") === "off") return;
    try {
      const shown = new Notification(`${gate.gate} waits for an answer`, { body: `${gate.feature}\n${gate.prompt}`.slice(0, 300), tag: gate.id, icon: "/static/icon.svg" });
      shown.onclick = () => { window.focus(); location.assign(gate.url); };
    } catch { /* phones show them from a service worker alone */
      navigator.serviceWorker?.ready.then((worker) => worker.showNotification(`${gate.gate} waits for an answer`, { body: gate.feature, tag: gate.id }));
    }
  }
  function notifyButton() {
    const button = $("[data-notify]");
    if (!button || !canNotify() || Notification.permission === "denied") return;
    const isOn = () => Notification.permission === "granted" && stored("maestro-notify") !== "off";
    const say = () => { button.hidden = false; button.textContent = isOn() ? "Notifications on" : "Notify me"; button.setAttribute("aria-pressed", isOn()); };
    button.addEventListener("click", async () => {
      if (Notification.permission === "default") { await Notification.requestPermission(); store("maestro-notify", "on"); }
      else store("maestro-notify", isOn() ? "off" : "on");
      say();
    });
    say();
  }

  // --- keys ---
  let armed = null, disarmTimer = 0;
  function disarm() {
    if (!armed) return;
    armed.classList.remove("armed");
    const place = $("[data-armed]", armed.form);
    if (place) place.textContent = "";
    armed = null;
  }
  function arm(button) {
    disarm();
    armed = button;
    button.classList.add("armed");
    button.focus({ preventScroll: false });
    const label = button.firstChild.textContent.trim();
    $("[data-armed]", button.form).textContent = `Press ${button.dataset.key} again to send “${label}”.`;
    clearTimeout(disarmTimer);
    disarmTimer = setTimeout(disarm, 6000);
  }
  function currentGate() {
    const gates = all("[data-open]");
    return gates.find((each) => each.contains(document.activeElement)) || gates[0];
  }
  function nextGate() {
    const gates = all("[data-open]");
    const at = gates.indexOf(gates.find((each) => each.contains(document.activeElement)));
    const next = gates[(at + 1) % gates.length];
    if (next) { next.focus(); next.scrollIntoView({ block: "start" }); } else if (!gates.length) location.assign("/gates");
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { disarm(); if (isTyping(document.activeElement)) document.activeElement.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (isTyping(event.target) || $("dialog[open]") || stored("maestro-keys") === "off") return;
    const key = event.key.toLowerCase();
    const gate = currentGate();
    const button = gate && all("[data-key]", gate).find((each) => each.dataset.key === key);
    if (button) {
      event.preventDefault();
      if (armed === button) { disarm(); button.click(); } else arm(button);
      return;
    }
    disarm();
    if (key === "t" && gate) { const text = $("[data-text], textarea", gate); if (text) { event.preventDefault(); text.focus(); } }
    else if (key === "g") { event.preventDefault(); nextGate(); }
    else if (key === "l") location.assign("/");
    else if (key === "?") $("[data-keys]")?.showModal();
  });
  $("[data-help]")?.addEventListener("click", () => $("[data-keys]").showModal());
  const keysOn = $("[data-keys-on]");
  if (keysOn) {
    keysOn.checked = stored("maestro-keys") !== "off";
    keysOn.addEventListener("change", () => store("maestro-keys", keysOn.checked ? "on" : "off"));
  }

  // --- forms ---
  document.addEventListener("htmx:afterSwap", (event) => {
    const shown = document.getElementById(event.detail.target?.id) || event.detail.elt;
    if (!shown) return;
    localTimes(shown.parentElement || document);
    if (!shown.hasAttribute("data-gate")) return;
    shown.focus();
    announce($("[role=alert]", shown)?.textContent || "Your answer was taken");
  });
  for (const failed of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failed, () => { offline(true); announce("Nothing was sent: this page has lost its gateway"); });
  }
  const once = $("form[data-send]");
  if (once) once.requestSubmit();
  if (body.dataset.to) location.replace(body.dataset.to);
  if ("again" in body.dataset) setTimeout(() => location.reload(), 3000);

  // --- start ---
  localTimes(document);
  notifyButton();
  waiting.call(null, []);
  known = null;
  if (body.dataset.waiting && body.dataset.waiting !== "0") document.title = `(${body.dataset.waiting}) ${title}`;
  if (body.dataset.live) { connect(); tabs(); }
  if (location.hash.startsWith("#gate-")) document.getElementById(location.hash.slice(1))?.focus();
  if (navigator.serviceWorker && window.isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
})();
