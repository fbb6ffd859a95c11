// What keys and buttons do.

import { openRubric, openSnippets, openTasks, watchDialogs } from "./dialogs.js";
import * as page from "./page.js";
import { state } from "./state.js";
import { at } from "./view.js";

function hideOwn() {
  at("own").hidden = !at("own").hidden;
  document.body.classList.toggle("alone", at("own").hidden);
}

const acts = {
  Enter: page.goOn,
  j: () => page.go(state.here + 1),
  k: () => page.go(state.here - 1),
  ArrowRight: () => page.go(state.here + 1),
  ArrowLeft: () => page.go(state.here - 1),
  f: () => page.give(state.task.points),
  z: () => page.give(0),
  ".": () => select(at("points")),
  ",": () => select(at("points")),
  c: () => at("comment").focus(),
  s: openSnippets,
  "=": page.repeat,
  u: page.undo,
  b: page.flag,
  g: () => page.goTo((pile) => pile.flagged, "There is nothing else to come back to."),
  x: () => page.goTo((pile) => pile.disputed, "Nobody disagrees on another answer."),
  r: openRubric,
  t: () => openTasks(""),
  v: () => page.setSecond(!page.isSecond()),
  m: hideOwn,
  q: () => (at("question").open = !at("question").open),
  "?": () => at("help").showModal(),
};

const buttons = {
  "open-tasks": acts.t, "open-help": acts["?"], "open-rubric": acts.r, "open-snippets": acts.s, full: acts.f,
  zero: acts.z, previous: acts.k, next: acts.j, unread: acts.Enter, flag: acts.b, undo: acts.u, repeat: acts["="],
};

function select(field) {
  field.focus();
  field.select();
}

function pressed(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]") || event.altKey || event.metaKey) return;
  const field = event.target.closest("textarea, input:not([type=checkbox])");
  if (field) return inField(event, field);
  if (event.ctrlKey || (event.key === "Enter" && event.target.closest("button, a, summary"))) return;
  const digit = /^\d$/.test(event.key) ? (Number(event.key) + 9) % 10 : -1;
  if (digit >= 0 && state.items[digit]) page.toggle(state.items[digit].id);
  else if (acts[event.key]) acts[event.key]();
  else return;
  event.preventDefault();
}

function inField(event, field) {
  const done = event.key === "Enter" && (event.ctrlKey || field === at("points"));
  const act = field === at("points") && !event.ctrlKey && /^[a-z=?]$/.test(event.key) && acts[event.key]; // no number
  if (!done && !act && event.key !== "Escape") return;
  event.preventDefault();
  page.left();
  at("reading").focus({ preventScroll: true });
  if (act) act();
  if (done && !at("problem").textContent) page.goOn();
}

export function listen() {
  document.addEventListener("keydown", pressed);
  for (const [id, act] of Object.entries(buttons)) at(id).addEventListener("click", act);
  for (const field of ["points", "comment"]) {
    at(field).addEventListener("input", () => page.type(field, at(field).value));
    at(field).addEventListener("blur", page.left);
  }
  at("panel").addEventListener("submit", (event) => event.preventDefault());
  at("map").addEventListener("click", ({ target }) => target.dataset.index && page.go(Number(target.dataset.index)));
  addEventListener("pagehide", page.settle);
  addEventListener("beforeunload", (event) => page.hasUnfinished() && event.preventDefault());
  watchDialogs();
}
