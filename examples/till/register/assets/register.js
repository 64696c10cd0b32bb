"use strict";
// The page shows what the register says and asks for what people want. It keeps
// nothing: loading it again, here or elsewhere, shows the same.
const $ = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=page-token]").content;
const zh = () => document.documentElement.lang === "zh";
const word = (k) => (words[k] ? words[k][zh() ? 1 : 0] : k.slice(k.indexOf(".") + 1));
const pick = (o) => (zh() ? o.zh : o.en) || o.en || "";
let state = JSON.parse($("state").textContent);
let papers = 0, note = "", booksAt = 0;

// h makes an element. Text is always text, never markup.
function h(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v !== undefined && v !== null) e.setAttribute(k, v);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}
function money(minor) {
  const d = state.decimals, sign = minor < 0 ? "-" : "", s = String(Math.abs(minor)).padStart(d + 1, "0");
  return d === 0 ? sign + s : sign + s.slice(0, -d) + "." + s.slice(-d);
}
// minor reads what somebody types; NaN when it is no amount.
function minor(text) {
  const m = /^(\d{1,9})(?:\.(\d*))?$/.exec(text.trim());
  if (!m || (m[2] || "").length > state.decimals) return NaN;
  return Number(m[1]) * 10 ** state.decimals + Number((m[2] || "").padEnd(state.decimals, "0") || 0);
}
function tenderName(name) {
  if (name === "cash") return word("cash");
  const t = state.tenders.find((t) => t.name === name);
  return t ? pick(t) : name;
}

// ask posts; the register answers, and what changed comes by events.
async function ask(path, body) {
  let r;
  try {
    r = await fetch("/api/" + path, { method: "POST", headers: { "Content-Type": "application/json", "X-Page-Token": token }, body: JSON.stringify(body || {}) });
  } catch (e) {
    say(word("err.line"));
    return null;
  }
  if (r.status === 401) { location.assign("/login"); return null; }
  let answer = null;
  try { answer = await r.json(); } catch (e) { answer = null; }
  if (!r.ok) {
    say(word("err." + ((answer && answer.error) || "failed")) + (answer && answer.text && !zh() ? " " + answer.text : ""));
    return null;
  }
  say("");
  return answer || {};
}
function say(text) { note = text; drawAlarms(); }

// keep draws a part again only if it differs, so that focus and fingers stay where they are.
const drawn = new Map();
function keep(id, value, draw) {
  const key = JSON.stringify([value, document.documentElement.lang]);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  const focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : undefined;
  $(id).replaceChildren(...draw().filter((e) => e !== null && e !== ""));
  if (focus) { const e = $(id).querySelector(`[data-key="${CSS.escape(focus)}"]`); if (e) e.focus(); }
}

function drawAlarms() {
  keep("alarms", [state.doubts, state.decisions, note], () => [
    ...(state.doubts || []).map((p) => h("div", { class: "doubt", "data-attempt": p.attempt },
      h("strong", {}, word("unknown")),
      h("p", {}, `${tenderName(p.tender)} ${money(p.amount)} · ${word("kind." + p.kind)} · ${p.reference} · ${p.attempt} — ${word("doing." + p.state)}`),
      h("button", { type: "button", "data-key": "ask" + p.attempt, onclick: () => ask("ask") }, word("asknow")))),
    ...(state.decisions || []).map((p) => h("div", { class: "decide", "data-attempt": p.attempt },
      h("strong", {}, word("decide")),
      h("p", {}, `${tenderName(p.tender)} ${money(p.amount)} · ${p.reference} · ${p.attempt} — ${p.orphan ? word("orphan") : word("state." + p.state)} ${p.reason || ""}`),
      ...(p.orphan ? [["keep", "keep"], ["back", "giveback"]] : ["paid", "not_paid", "undone", "undo"].map((v) => [v, "v." + v]))
        .map(([v, w]) => h("button", { type: "button", "data-key": v + p.attempt, onclick: () => decide(p, v, word(w)) }, word(w))))),
    note ? h("div", { class: "note" }, h("p", {}, note), h("button", { type: "button", "data-key": "note", onclick: () => say("") }, "×")) : null,
  ]);
}
function drawGoods() {
  keep("goods", state.goods, () => {
    const classes = new Map();
    for (const g of state.goods || []) classes.set(g.class || "", [...(classes.get(g.class || "") || []), g]);
    return [...classes].map(([c, list]) => h("div", { class: "class" }, c ? h("h3", {}, c) : null, h("div", {}, list.map((g) =>
      h("button", { type: "button", class: "good " + (g.fresh || ""), "data-key": "g" + g.code, "data-good": g.code, disabled: g.fresh === "expired", onclick: () => ask("put", { sale: state.sale.reference, good: g.code, count: 1, add: true }) },
        h("span", {}, g.name), h("small", {}, money(g.price), g.fresh ? h("span", { class: "tag" }, " " + word("fresh." + g.fresh)) : null))))));
  });
  $("edit-goods").hidden = document.body.dataset.role !== "supervisor";
}
function drawSale() {
  const s = state.sale, locked = s.busy || s.left !== s.total;
  $("reference").textContent = s.reference;
  const body = $("cart").tBodies[0];
  body.id = "cart-lines";
  keep("cart-lines", [s.items, locked], () => (s.items || []).length === 0 ? [h("tr", {}, h("td", { colspan: 3 }, word("empty")))] : s.items.map((i) => h("tr", { "data-line": i.code },
    h("td", {}, i.name, " ", h("small", {}, money(i.price))),
    h("td", { class: "n" }, h("button", { type: "button", disabled: locked, "data-key": "-" + i.code, "aria-label": word("less") + ": " + i.name, onclick: () => ask("put", { sale: s.reference, good: i.code, count: i.count - 1 }) }, "−"),
      ` ${i.count} `, h("button", { type: "button", disabled: locked, "data-key": "+" + i.code, "aria-label": word("more") + ": " + i.name, onclick: () => ask("put", { sale: s.reference, good: i.code, count: i.count + 1 }) }, "+")),
    h("td", { class: "n" }, money(i.price * i.count)))));
  keep("sums", [s.total, s.left], () => [h("dt", {}, word("total")), h("dd", { id: "total" }, money(s.total)),
    ...(s.left !== s.total ? [h("dt", {}, word("paid")), h("dd", {}, money(s.total - s.left))] : []),
    h("dt", { class: "left" }, word("left")), h("dd", { class: "left", id: "left" }, money(s.left) + " " + state.currency)]);
  keep("tries", s.tries, () => (s.tries || []).map(tryLine));
  const can = s.left > 0 && !s.busy;
  keep("tenders", [state.tenders, can], () => [
    h("button", { type: "button", class: "main", "data-key": "t-cash", "data-tender": "cash", disabled: !can, onclick: () => pay("cash") }, word("cash")),
    ...state.tenders.flatMap((t) => [
      !t.scans ? h("button", { type: "button", class: "main", "data-key": "t-" + t.name, "data-tender": t.name, disabled: !can, onclick: () => pay(t.name) }, pick(t)) : null,
      t.scans ? h("button", { type: "button", "data-key": "c-" + t.name, "data-code": t.name, disabled: !can, onclick: () => payByCode(t) }, `${pick(t)} · ${word("scancode")}`) : null,
      t.shows ? h("button", { type: "button", "data-key": "s-" + t.name, "data-show": t.name, disabled: !can, onclick: () => pay(t.name) }, `${pick(t)} · ${word("showcode")}`) : null,
    ])]);
  $("pay-fields").disabled = !can;
  $("amount").placeholder = money(s.left);
  $("park").disabled = (s.items || []).length === 0;
  $("drop").disabled = locked || (s.items || []).length === 0;
  drawChange();
}
function tryLine(p) {
  const words1 = p.state === "" && p.class ? p.class : word("state." + p.state);
  return h("li", { class: p.state || "none", "data-try": p.attempt, "data-state": p.state }, `${tenderName(p.tender)} ${money(p.amount)} · ${p.original ? word("kind." + p.kind) + " · " : ""}${words1}`,
    p.code || p.text ? ` (${[p.code, p.text].filter(Boolean).join(" ")})` : "", p.change ? ` · ${word("change")} ${money(p.change)}` : "",
    p.advice && p.advice[0] ? h("small", {}, p.advice[zh() ? 1 : 0]) : null,
    p.second ? h("button", { type: "button", class: "small", "data-key": "second" + p.attempt, onclick: () => payTogether(p) }, word("together")) : null, p.alerts ? h("small", {}, word("alerts")) : null);
}
function drawChange() {
  const due = $("amount").value ? minor($("amount").value) : state.sale.left, given = minor($("given").value);
  $("change").value = $("given").value && given >= due ? `${word("change")} ${money(given - due)}` : "";
}
function drawRunning() {
  keep("running", state.running, () => (state.running || []).map((r) => h("div", { "data-run": r.attempt },
    h("p", {}, `${tenderName(r.tender)} ${money(r.amount)} · ${word("kind." + r.kind)}`),
    h("p", { class: "step" }, r.stopped ? word("stopping") : (zh() ? r.text_zh || r.text : r.text) || "…"),
    r.shows ? h("img", { src: "/code/" + encodeURIComponent(r.attempt), alt: word("scanme") }) : null,
    r.shows ? h("p", { class: "step" }, word("scanme")) : null,
    h("button", { type: "button", "data-key": "x" + r.attempt, disabled: r.stopped, onclick: () => ask("cancel", { attempt: r.attempt }) }, word("cancel")))));
}
function drawDevices() {
  keep("devices", state.devices, () => (state.devices || []).map((d) => h("li", { class: d.health, title: d.text || "", "data-device": d.name }, `${pick(d)}: ${word("health." + d.health)}${d.text && d.health === "trouble" ? " — " + d.text : ""}`)));
}
function drawPaper() {
  for (; papers < state.papers; papers++) $("paper").prepend(h("img", { src: "/paper/" + (papers + 1), alt: `${word("paper")} ${papers + 1}`, "data-paper": papers + 1 }));
  if (papers > state.papers) { papers = 0; $("paper").replaceChildren(); drawPaper(); }
}
function drawList() {
  keep("list", state.sales, () => (state.sales || []).length === 0 ? [h("p", {}, word("no.sales"))] : state.sales.map((s) => h("div", { class: "row", "data-sale": s.reference, "data-state": s.state },
    h("p", {}, h("b", {}, s.number ? "#" + s.number : ""), s.reference, h("span", {}, word("sale." + s.state)), h("span", {}, s.operator), h("span", { class: "sum" }, money(s.total)),
      h("button", { type: "button", class: "small", "data-key": "show" + s.reference, onclick: () => showSlip("/receipt/" + encodeURIComponent(s.reference)) }, word("show")),
      s.state === "paid" && (state.devices || []).some((d) => d.name === "printer") ? h("button", { type: "button", class: "small", "data-key": "print" + s.reference, onclick: () => ask("print", { sale: s.reference }) }, word("reprint")) : null,
      s.state === "parked" ? h("button", { type: "button", class: "small", "data-key": "resume" + s.reference, onclick: () => ask("resume", { sale: s.reference }) }, word("resume")) : null),
    h("ul", {}, (s.tries || []).map((p) => h("li", { class: ["unknown", "reversing", "manual"].includes(p.state) ? "bad" : "", "data-try": p.attempt, "data-state": p.state }, `${tenderName(p.tender)} ${money(p.amount)} · ${word("kind." + p.kind)} · ${word("state." + p.state)} ${p.card || ""}`,
      p.advice && p.advice[0] ? p.advice[zh() ? 1 : 0] : "",
      p.return_id && p.left > 0 ? h("button", { type: "button", class: "small", "data-key": "v" + p.attempt, "data-void": p.attempt, disabled: s.busy || p.left !== p.booked, onclick: () => giveBack(s, p, true) }, word("void")) : null,
      p.return_id && p.left > 0 ? h("button", { type: "button", class: "small", "data-key": "r" + p.attempt, "data-refund": p.attempt, disabled: s.busy, onclick: () => giveBack(s, p, false) }, word("refund")) : null))))));
}
function drawFaults() {
  if (!$("faults")) return;
  keep("faults", state.faults, () => {
    const groups = new Map();
    for (const f of state.faults || []) groups.set(f.group, [...(groups.get(f.group) || []), f]);
    return [...groups].map(([g, list]) => h("div", {}, h("h3", {}, word("group." + g)), list.map((f) =>
      h("button", { type: "button", class: f.mends ? "mends" : "", "data-key": "f" + f.id, "data-fault": f.id, onclick: async () => { if (await ask("fault", { fault: f.id })) say(`${word("done")}: ${pick(f)}`); } }, pick(f)))));
  });
  drawBooks();
}
// The books are counted at most once a second, and once more after the last change.
function drawBooks() {
  clearTimeout(drawBooks.later);
  const wait = Math.max(0, booksAt + 1000 - Date.now());
  drawBooks.later = setTimeout(async () => {
    booksAt = Date.now();
    let list;
    try { const r = await fetch("/api/books"); if (!r.ok) return; list = await r.json(); } catch (e) { return; }
    const body = $("books").tBodies[0];
    body.id = "book-lines";
    keep("book-lines", list, () => (list || []).map((l) => h("tr", { "data-book": l.tender, "data-equal": String(l.equal), "data-open": String(l.open) }, h("td", {}, tenderName(l.tender)), h("td", { class: "n" }, money(l.journal)), h("td", { class: "n" }, money(l.booked)),
      h("td", { class: "n" }, l.has_peer ? money(l.peer) : "—"), h("td", { class: l.equal ? "ok" : l.open ? "" : "bad" }, word(l.equal ? "equal" : l.open ? "open" : "differs") + (l.open ? ` (${l.open})` : "")))));
  }, wait);
}
function drawWords() {
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = word(e.dataset.word);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", word(e.dataset.label));
  $("lang").textContent = word("lang");
  $("lang").lang = zh() ? "en" : "zh";
}
function draw() {
  drawAlarms(); drawGoods(); drawRunning(); drawSale(); drawDevices(); drawPaper(); drawList(); drawFaults();
}

function pay(tender, code, who) {
  const body = { sale: state.sale.reference, attempt: state.sale.next, tender, amount: $("amount").value.trim() };
  if (tender === "cash" && $("given").value.trim()) body.given = $("given").value.trim();
  if (code) body.code = code;
  if (who) Object.assign(body, { approver: who.approver || "", pin: who["approver-pin"] || "" });
  $("amount").value = ""; $("given").value = "";
  drawChange();
  $("scan").focus();
  return ask("pay", body);
}
// payTogether tries again what a rule lets nobody do alone; a scanned code is scanned again.
async function payTogether(p) {
  const t = state.tenders.find((t) => t.name === p.tender), code = t && t.scans && !t.shows;
  const f = await dialog(`${word("together")}: ${tenderName(p.tender)} ${money(p.amount)}`, [...second(), ...(code ? [field("pay-code", "code", { type: "password", required: true, maxlength: 512 })] : [])], word("pay"));
  if (!f) return;
  $("amount").value = money(p.amount);
  $("given").value = p.given ? money(p.given) : "";
  pay(p.tender, f["pay-code"], f);
}
async function payByCode(t) {
  const f = await dialog(`${pick(t)} · ${word("scancode")}`, [field("pay-code", "code", { type: "password", required: true, maxlength: 512, inputmode: "numeric" })], word("pay"));
  if (f) pay(t.name, f["pay-code"]);
}
// second asks for the person who agrees to what nobody may do alone.
function second() { return [field("approver", "supervisor", { maxlength: 32 }), field("approver-pin", "pin", { type: "password", inputmode: "numeric", maxlength: 12 })]; }
function field(id, label, attrs) { return [h("label", { for: id }, word(label)), h("input", { id, name: id, autocomplete: "off", ...attrs })]; }

// dialog asks for a few things; it resolves to them, or to null.
function dialog(head, body, ok) {
  const d = $("dialog");
  $("dialog-head").textContent = head;
  $("dialog-body").replaceChildren(...body.flat());
  $("dialog-ok").textContent = ok || "";
  $("dialog-ok").hidden = !ok;
  d.returnValue = "";
  d.showModal();
  const first = $("dialog-body").querySelector("input");
  if (first) first.focus();
  return new Promise((done) => d.addEventListener("close", () => {
    const out = d.returnValue === "ok" ? Object.fromEntries(new FormData($("dialog-form"))) : null;
    $("dialog-body").replaceChildren();
    $("scan").focus();
    done(out);
  }, { once: true }));
}
async function decide(p, verdict, label) {
  const f = await dialog(`${label}: ${money(p.amount)} ${p.attempt}`, [field("reason", "reason", { required: true, maxlength: 200 })], label);
  if (f) ask("decide", { attempt: p.attempt, verdict, reason: f.reason });
}
async function giveBack(s, p, whole) {
  const amount = whole ? h("p", {}, money(p.booked)) : field("back-amount", "amount", { inputmode: "decimal", value: money(p.left), required: true });
  const f = await dialog(`${word(whole ? "void" : "refund")}: ${tenderName(p.tender)} ${s.reference}`, [amount, ...second()], word(whole ? "void" : "refund"));
  if (f) ask("return", { sale: s.reference, original: p.attempt, attempt: p.return_id, void: whole, amount: f["back-amount"] || "", approver: f.approver || "", pin: f["approver-pin"] || "" });
}
function showSlip(address) { dialog(word("show"), [h("iframe", { src: address, title: word("show"), sandbox: true })], ""); }
async function editGoods() {
  const g = (x) => h("tr", {}, ["code", "name", "class"].map((k) => h("td", {}, h("input", { value: x[k] || "", maxlength: 100, "aria-label": word(k), readonly: k === "code" && !!x.code, "data-f": k }))),
    h("td", {}, h("input", { value: x.price ? money(x.price) : "", inputmode: "decimal", "aria-label": word("price"), "data-f": "price" })),
    h("td", {}, h("input", { value: x.shelf_days || "", inputmode: "numeric", "aria-label": word("shelf"), "data-f": "shelf_days" })),
    h("td", {}, h("input", { type: "date", value: x.made || "", "aria-label": word("made"), "data-f": "made" })),
    h("td", {}, h("button", { type: "button", class: "small", onclick: (e) => saveGood(e.target.closest("tr")) }, word("save")),
      x.code ? h("button", { type: "button", class: "small", onclick: async (e) => { const row = e.target.closest("tr"); if (await ask("remove", { good: x.code })) row.remove(); } }, word("remove")) : null));
  await dialog(word("goods.edit"), [h("table", {}, h("thead", {}, h("tr", {}, ["code", "name", "class", "price", "shelf", "made", "add"].map((k) => h("th", { scope: "col" }, word(k))))), h("tbody", {}, g({}), (state.goods || []).map(g)))], "");
}
async function saveGood(row) {
  const v = Object.fromEntries([...row.querySelectorAll("[data-f]")].map((i) => [i.dataset.f, i.value.trim()]));
  const item = { code: v.code, name: v.name, class: v.class, price: minor(v.price) || 0, shelf_days: Number(v.shelf_days) || 0, made: v.made };
  if (await ask("goods", { item })) row.querySelector("button").textContent = "✓";
}

$("scan-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const code = $("scan").value.trim();
  $("scan").value = "";
  if (code) ask("scan", { sale: state.sale.reference, attempt: state.sale.next, code, amount: $("amount").value.trim() });
});
$("pay").addEventListener("submit", (e) => e.preventDefault());
$("amount").addEventListener("input", drawChange);
$("given").addEventListener("input", drawChange);
$("given").addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); pay("cash"); } });
$("park").addEventListener("click", () => ask("park", { sale: state.sale.reference }));
$("drop").addEventListener("click", () => ask("drop", { sale: state.sale.reference }));
$("edit-goods").addEventListener("click", editGoods);
$("lang").addEventListener("click", () => {
  document.documentElement.lang = zh() ? "en" : "zh";
  document.cookie = "lang=" + document.documentElement.lang + "; path=/; SameSite=Strict; max-age=31536000";
  drawWords(); draw();
});
// A scanner types wherever the focus is: unless somebody fills in another field, its keys go to the scan field.
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.key.length !== 1 || e.key === " " || $("dialog").open) return;
  if (!["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement.tagName)) $("scan").focus();
});

function live(up) {
  document.body.dataset.line = up ? "up" : "down";
  $("line").textContent = word(up ? "line.up" : "line.down");
}
function connect() {
  const stream = new EventSource("/events");
  stream.onmessage = (e) => {
    state = JSON.parse(e.data);
    live(true);
    draw();
    document.body.dataset.lag = Date.now() - state.at;
  };
  stream.onerror = async () => {
    live(false);
    if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(async () => {
      try { const r = await fetch("/api/state"); if (r.status === 401) { location.assign("/login"); return; } } catch (e) { /* still away */ }
      connect();
    }, 500);
  };
}
drawWords(); draw(); connect();
document.body.dataset.ready = "yes";
