// Comments to use again: those that were kept, and the person's own on other answers to this task.

import { announce, at, make } from "./dom.js";
import { comment, entered, insert } from "./front.js";
import { save } from "./server.js";
import { state } from "./state.js";

let chosen = 0;

export function openSnippets() {
  at("search").value = "";
  at("keep").disabled = !comment();
  show(0);
  at("snippets").showModal();
  at("search").focus();
}

// As [id, words]; the id is null where the comment is part of a mark.
function found() {
  const known = new Set([comment(), "", ...state.snippets.map(([, words]) => words)]);
  const own = new Set(state.piles.map((each) => entered(each).comment));
  const all = [...[...own].filter((words) => !known.has(words)).map((words) => [null, words]), ...state.snippets];
  const searched = at("search").value.toLowerCase().split(/\s+/);
  return all.filter(([, words]) => searched.every((word) => words.toLowerCase().includes(word)));
}

function show(index) {
  const snippets = found();
  chosen = Math.min(Math.max(index, 0), Math.max(snippets.length - 1, 0));
  const options = snippets.map(([, words], place) => {
    const option = make("li", { role: "option", id: `snippet-${place}`, "aria-selected": String(place === chosen) }, words);
    option.addEventListener("click", () => use(words));
    return option;
  });
  const none = make("li", { class: "label", role: "option", "aria-disabled": "true" }, "None.");
  at("snippet-list").replaceChildren(...(options.length ? options : [none]));
  at("search").setAttribute("aria-activedescendant", options.length ? `snippet-${chosen}` : "");
  at("forget").disabled = !snippets[chosen]?.[0];
  options[chosen]?.scrollIntoView({ block: "nearest" });
}

function use(words) {
  at("snippets").close();
  if (words) insert(words);
}

function keep() {
  if (!comment()) return;
  save("snippet", { words: comment() });
  announce("Kept");
  at("snippets").close();
}

function forget() {
  const [id] = found()[chosen] ?? [];
  if (!id) return;
  state.snippets = state.snippets.filter((snippet) => snippet[0] !== id);
  save("snippet", { remove: id });
  show(chosen);
}

function pressed(event) {
  if (event.target.closest("button")) return;
  const searching = event.target === at("search");
  if (event.key === "ArrowDown") show(chosen + 1);
  else if (event.key === "ArrowUp") show(chosen - 1);
  else if (event.key === "Enter" && event.ctrlKey) keep();
  else if (event.key === "Enter" && searching) use(found()[chosen]?.[1]);
  else if (event.key === "Delete" && event.ctrlKey) forget();
  else return;
  event.preventDefault();
}

export function watchSnippets() {
  at("search").addEventListener("input", () => show(0));
  at("snippets").addEventListener("keydown", pressed);
  at("keep").addEventListener("click", keep);
  at("forget").addEventListener("click", forget);
}
