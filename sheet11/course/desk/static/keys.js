// Actions of keys and buttons.

import { announce, at } from "./dom.js";
import * as front from "./front.js";
import { openRubric, restore } from "./rubric.js";
import { openSnippets } from "./snippets.js";
import { isToRead, pile, state } from "./state.js";
import { goOn, openTasks } from "./tasks.js";

const acts = {
  Enter: goOn,
  j: () => front.go(state.here + 1),
  k: () => front.go(state.here - 1),
  f: () => front.give(state.task.points),
  z: () => front.give(0),
  ".": () => at("points").select(),
  c: () => at("comment").focus(),
  s: openSnippets,
  "=": front.repeat,
  u: () => (state.removed?.task === state.task.name ? restore() : front.undo()),
  b: front.flag,
  g: () => front.goTo((pile) => pile.flagged, "There is nothing else to come back to."),
  x: () => front.goTo((pile) => pile.disputed, "There is no other answer on which two people disagree."),
  r: openRubric,
  t: () => openTasks(),
  v: () => front.setSecond(!state.second),
  m: hideOwn,
  q: () => at("question").toggleAttribute("open"),
  "?": () => at("help").showModal(),
};
Object.assign(acts, { ArrowRight: acts.j, ArrowLeft: acts.k, ",": acts["."] });

function hideOwn() {
  at("own").hidden = !at("own").hidden;
  document.body.classList.toggle("alone", at("own").hidden);
}

function pressed(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]") || event.altKey || event.metaKey) return;
  const field = event.target.closest("textarea, input:not([type=checkbox])");
  if (field) return inField(event, field);
  if (event.key.length === 1 && !at("letters").checked) return; // speech input types letters
  if (event.ctrlKey || (event.key === "Enter" && event.target.closest("button, a, summary"))) return;
  const item = /^\d$/.test(event.key) && state.items[(Number(event.key) + 9) % 10];
  const missing = /^\d$/.test(event.key) && (() => announce("The rubric has no such item: r opens it"));
  const act = item ? () => front.toggle(item.id) : (acts[event.key] ?? missing);
  if (!act) return;
  event.preventDefault();
  act();
}

function inField(event, field) {
  const done = event.key === "Enter" && (event.ctrlKey || field === at("points"));
  const letter = field === at("points") && at("letters").checked && !event.ctrlKey && /^[a-z=?]$/.test(event.key); // no part of a number
  const act = done ? goOn : letter && acts[event.key];
  if (!act && event.key !== "Escape") return;
  event.preventDefault();
  at("reading").focus({ preventScroll: true }); // which saves what was typed
  if (act) act();
}

export function watchKeys() {
  document.addEventListener("keydown", pressed);
  at("letters").checked = localStorage.getItem("letters") !== "off";
  at("letters").addEventListener("change", () => localStorage.setItem("letters", at("letters").checked ? "on" : "off"));
  for (const button of document.querySelectorAll("button[data-key]")) {
    button.addEventListener("click", acts[button.dataset.key]);
  }
  for (const field of ["points", "comment"]) {
    at(field).addEventListener("input", () => front.type(field, at(field).value));
    at(field).addEventListener("blur", front.left);
  }
  at("panel").addEventListener("submit", (event) => event.preventDefault());
  at("map").addEventListener("click", ({ target }) => target.dataset.index && front.go(Number(target.dataset.index)));
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => at("reading").focus({ preventScroll: true }));
  }
  addEventListener("pagehide", front.settle);
  addEventListener("beforeunload", (event) => front.hasRefusals() && event.preventDefault());
}
