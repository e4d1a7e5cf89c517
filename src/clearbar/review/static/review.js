// The review page: levels by keys, passages lit up from both sides, everything saved as it is put down.

import { Drafts } from "./drafts.js";
import { marksOf, quote, selected, whole } from "./passages.js";

const bench = document.querySelector("#bench");
const form = document.querySelector("#sheet");
const status = document.querySelector("#saved");
const help = document.querySelector("#help");
const keysOn = document.querySelector("#keys-on");
const cards = [...document.querySelectorAll("fieldset.criterion")];
const inPlay = cards.filter((card) => !card.classList.contains("agrees"));
let active = null;
let turn = null;

const drafts = new Drafts({
  number: bench.dataset.number, person: bench.dataset.person, csrf: bench.dataset.csrf,
  tell(words, bad = false) { status.textContent = words; status.classList.toggle("bad", bad); },
  show(words, criterion, version) {
    for (const [place, html] of Object.entries(words)) document.querySelector(`#t${place} .words`).innerHTML = html;
    form.elements[`version.${criterion}`].value = version;
    if (active) light(active.dataset.criterion);
  },
});

const spansOf = (card) => JSON.parse(card.dataset.spans);
const levelOf = (card) => card.querySelector("input[type=radio]:checked")?.value ?? null;
const draftOf = (card) => ({ level: levelOf(card), note: card.querySelector("textarea").value, spans: spansOf(card) });
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const show = (element, block = "nearest") => element?.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });

function put(card, options) {
  drafts.put(card.dataset.criterion, draftOf(card), options);
  tellLevel(card);
}

function tellLevel(card) {
  const chosen = card.querySelector("input[type=radio]:checked");
  card.querySelector(".chosen").textContent = chosen ? chosen.closest("label").querySelector(".name").textContent : "";
  if (card.dataset.machine) card.classList.toggle("differs", chosen?.value !== card.dataset.machine);
  document.querySelector("progress").value = cards.filter(levelOf).length;
}

function light(criterion) {
  for (const mark of document.querySelectorAll("mark.lit")) mark.classList.remove("lit");
  for (const mark of marksOf(criterion)) mark.classList.add("lit");
}

function activate(card, { focus = true, move = true } = {}) {
  if (!card) return;
  active?.classList.remove("active");
  active = card;
  card.classList.add("active");
  light(card.dataset.criterion);
  if (focus) card.focus({ preventScroll: true });
  if (!move) return;
  show(card);
  show(marksOf(card.dataset.criterion)[0], "center");
}

function step(by) {
  const place = inPlay.indexOf(active);
  activate(inPlay[Math.min(Math.max(place + by, 0), inPlay.length - 1)]);
}

function goOn() {
  const after = inPlay.slice(inPlay.indexOf(active) + 1).find((card) => levelOf(card) === null) ?? inPlay.find((card) => levelOf(card) === null);
  if (after) activate(after);
  else if (active === inPlay.at(-1)) document.querySelector("#commit").focus();
  else step(1);
}

function choose(key) {
  const input = active?.querySelector(`input[data-key="${key}"]`);
  if (!input) return false;
  input.checked = true;
  put(active);
  if (bench.dataset.state === "open") goOn();
  return true;
}

function passages(card) {
  const list = card.querySelector(".passages");
  list.replaceChildren(...spansOf(card).map((span, place) => {
    const chip = document.createElement("span");
    chip.className = "chip";
    const words = document.createElement("q");
    words.textContent = quote(span);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove the passage: ${quote(span)}`);
    remove.addEventListener("click", () => setSpans(card, spansOf(card).filter((_, other) => other !== place)));
    chip.append(words, remove);
    return chip;
  }));
}

function setSpans(card, spans) {
  card.dataset.spans = JSON.stringify(spans);
  passages(card);
  put(card);
}

function add() {
  const spans = selected();
  const found = spans.length ? spans : turn ? whole(turn) : [];
  if (!active || !found.length) return;
  const known = new Set(spansOf(active).map(String));
  setSpans(active, [...spansOf(active), ...found.filter((span) => !known.has(String(span)))]);
  getSelection().removeAllRanges();
}

function moveTurn(by) {
  const turns = [...document.querySelectorAll(".turn")];
  turn?.classList.remove("here");
  turn = turns[Math.min(Math.max(turns.indexOf(turn) + by, 0), turns.length - 1)];
  turn.classList.add("here");
  show(turn, "center");
}

function nextPassage() {
  const marks = active ? marksOf(active.dataset.criterion) : [];
  if (!marks.length) return;
  const place = marks.findIndex((mark) => mark.classList.contains("at"));
  marks[place]?.classList.remove("at");
  const mark = marks[(place + 1) % marks.length];
  mark.classList.add("at");
  show(mark, "center");
}

async function finish() {
  status.textContent = "Saving …";
  if (await drafts.flush()) {
    // all is on the server: the form need not carry it again
    for (const field of form.querySelectorAll("fieldset.criterion")) field.disabled = true;
    form.submit();
  }
}

const KEYS = {
  j: () => step(1), k: () => step(-1), a: add, e: nextPassage, c: finish, "]": () => moveTurn(1), "[": () => moveTurn(-1),
  n: () => active?.querySelector("textarea").focus(), "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key === "Escape" && field.matches("textarea, input")) return active?.focus({ preventScroll: true });
  if (help.open || event.ctrlKey || event.metaKey || event.altKey || !keysOn.checked) return;
  if (field.matches("textarea, input:not([type=radio]), select")) return;
  const done = /^[0-9]$/.test(event.key) ? choose(event.key) : KEYS[event.key] ? (KEYS[event.key](), true) : false;
  if (done) event.preventDefault();
});

for (const card of cards) {
  const criterion = card.dataset.criterion;
  drafts.known(criterion, Number(card.dataset.version));
  card.addEventListener("focusin", () => { if (active !== card) activate(card, { focus: false }); });
  card.addEventListener("mouseenter", () => light(criterion));
  card.addEventListener("mouseleave", () => active && light(active.dataset.criterion));
  card.addEventListener("change", (event) => { if (event.target.matches("input[type=radio]")) put(card); });
  card.addEventListener("input", (event) => { if (event.target.matches("textarea")) put(card, { soon: true }); });
  const button = card.querySelector(".add");
  button.hidden = false;
  button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
  button.addEventListener("click", add);
  passages(card);
}

const talk = document.querySelector(".turns");
const cardsOf = (mark) => mark.dataset.criteria.split(" ").map((id) => document.querySelector(`#c-${CSS.escape(id)}`));
talk.addEventListener("mouseover", (event) => { const mark = event.target.closest("mark"); if (mark) for (const card of cardsOf(mark)) card.classList.add("lit"); });
talk.addEventListener("mouseout", (event) => { const mark = event.target.closest("mark"); if (mark) for (const card of cardsOf(mark)) card.classList.remove("lit"); });
talk.addEventListener("click", (event) => { const mark = event.target.closest("mark"); if (mark && getSelection().isCollapsed) activate(cardsOf(mark)[0]); });

for (const [criterion, draft] of drafts.left()) {
  const card = document.querySelector(`#c-${CSS.escape(criterion)}`);
  const input = draft.level && card.querySelector(`input[value="${CSS.escape(draft.level)}"]`);
  if (input) input.checked = true;
  card.querySelector("textarea").value = draft.note;
  card.dataset.spans = JSON.stringify(draft.spans);
  passages(card);
  put(card);
}

form.addEventListener("submit", (event) => { event.preventDefault(); finish(); });
addEventListener("beforeunload", (event) => { if (drafts.pending) event.preventDefault(); });
const helpButton = document.querySelector("#help-button");
helpButton.hidden = false;
helpButton.addEventListener("click", () => help.showModal());
keysOn.checked = localStorage.getItem("clearbar:keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("clearbar:keys", keysOn.checked ? "on" : "off"));
document.documentElement.classList.add("js");
// a page that is opened begins with the conversation; what was begun before goes on where it was left
activate(inPlay.find((card) => levelOf(card) === null) ?? inPlay[0] ?? cards[0], { move: cards.some(levelOf) });
