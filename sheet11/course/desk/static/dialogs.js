// What opens above the page: the tasks, the rubric, and the comments to use again.

import * as page from "./page.js";
import { ask, drained, save } from "./server.js";
import { state } from "./state.js";
import { announce, at, make, number } from "./view.js";

// tasks

export async function openTasks(said) {
  page.settle();
  await drained();
  const overview = await ask("overview").catch(() => null);
  if (overview) state.tasks = overview.tasks;
  const counted = state.tasks.filter((task) => task.counts.unread || task.counts.stale || task.by_hand);
  const left = counted.reduce((sum, task) => sum + toRead(task), 0);
  const all = counted.reduce((sum, task) => sum + answers(task), 0);
  at("all").textContent = [said, `In all ${all - left} of ${all} answers are read.`].join(" ").trim();
  at("second").checked = page.isSecond();
  const groups = [["Read by a person", (task) => task.by_hand], ["Graded automatically", (task) => !task.by_hand]];
  at("task-list").replaceChildren(...groups.flatMap(([title, belongs]) => rows(title, state.tasks.filter(belongs))));
  if (!at("tasks").open) at("tasks").showModal();
  const open = state.tasks.find((task) => toRead(task) && task.name !== state.task?.name) ?? state.task;
  const first = state.task && state.tasks.find((task) => task.name === state.task.name && toRead(task)) ? state.task : open;
  at("task-list").querySelector(`[data-name="${CSS.escape(first?.name ?? "")}"]`)?.focus();
}

const toRead = ({ counts }) => (counts.unread ?? 0) + (counts.stale ?? 0);
const answers = ({ counts }) => ["unread", "stale", "read", "graded"].reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);

function rows(title, tasks) {
  if (!tasks.length) return [];
  const heading = make("tr", {}, make("th", { scope: "colgroup", colspan: "5", class: "group" }, title));
  return [heading, ...tasks.map(row)];
}

function row(task) {
  const open = make("button", { type: "button", "data-name": task.name }, task.title);
  if (task.name === state.task?.name) open.setAttribute("aria-current", "true");
  open.addEventListener("click", () => {
    at("tasks").close();
    page.openTask(task.name);
  });
  const [all, left] = [answers(task), toRead(task)];
  const bar = make("progress", { max: all, value: all - left, "aria-hidden": "true" });
  const read = task.by_hand || left ? [bar, ` ${all - left} of ${all}`] : [];
  const cells = [task.counts.stale, task.counts.flagged, task.counts.disputed].map((count) => make("td", {}, count ? String(count) : ""));
  return make("tr", {}, make("th", { scope: "row" }, open), make("td", {}, ...read), ...cells);
}

// rubric

export function openRubric() {
  page.left();
  at("rubric-problem").textContent = "";
  showRubric();
  at("rubric").showModal();
  at("rubric-rows").querySelector("form:last-child input").focus();
}

export function showRubric() {
  // what is being typed stays: only rows that nobody is in are made anew
  const there = new Map([...at("rubric-rows").children].map((form) => [form.dataset.item, form]));
  const kept = (name) => (there.get(name)?.contains(document.activeElement) ? there.get(name) : null);
  const rows = state.items.map((item) => kept(String(item.id)) ?? itemForm(item));
  const added = there.get(`new in ${state.task.name}`) ?? itemForm(null);
  const focused = document.activeElement;
  at("rubric-rows").replaceChildren(...rows, added);
  if (focused !== document.activeElement && at("rubric-rows").contains(focused)) focused.focus();
}

function itemForm(item) {
  const points = make("input", { name: "points", "aria-label": "Points", inputmode: "decimal", placeholder: "points" });
  const words = make("input", { name: "words", "aria-label": "Words", placeholder: item ? "" : "a new item, in words", maxlength: "500" });
  const form = make("form", { "data-item": String(item?.id ?? `new in ${state.task.name}`) }, points, words);
  if (item) [points.value, words.value] = [number(item.points), item.words];
  form.append(make("button", { class: item ? "unseen" : "" }, item ? "Save" : "Add"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saveItem(item, form);
  });
  if (item) {
    form.addEventListener("change", () => saveItem(item, form));
    const remove = make("button", { type: "button", "aria-label": `Remove ${item.words}` }, "Remove");
    remove.addEventListener("click", () => {
      at("rubric-rows").querySelector("form:last-child input").focus();
      save("rubric", { task: state.task.name, item: item.id, remove: true });
    });
    form.append(remove);
  }
  return form;
}

function saveItem(item, form) {
  const [points, words] = [form.elements.points.value.trim().replace(",", ".").replace("−", "-"), form.elements.words.value.trim()];
  const most = state.task.points;
  const fits = points !== "" && Math.abs(Number(points)) <= most && words;
  at("rubric-problem").textContent = fits ? "" : `Not saved: an item wants words, and points from −${number(most)} to ${number(most)}.`;
  if (!fits || (item && Number(points) === item.points && words === item.words)) return;
  save("rubric", { task: state.task.name, item: item?.id ?? null, points: Number(points), words });
  if (item) return void Object.assign(item, { points: Number(points), words });
  form.reset();
  form.elements.points.focus();
}

// comments to use again

let chosen = 0;

export function openSnippets() {
  page.left();
  at("search").value = "";
  at("keep").disabled = !page.comment().trim();
  showSnippets(0);
  at("snippets").showModal();
  at("search").focus();
}

// what was kept, and what one has written oneself about other answers to this task
function reusable() {
  const known = new Set([page.comment().trim(), ...state.snippets.map((snippet) => snippet.words)]);
  const own = [...new Set(state.piles.map((pile) => pile.own?.comment).filter((words) => words && !known.has(words)))];
  return [...own.map((words, place) => ({ id: `own${place}`, words, own: true })), ...state.snippets];
}

const matching = () => {
  const words = at("search").value.toLowerCase().split(/\s+/);
  return reusable().filter((snippet) => words.every((word) => snippet.words.toLowerCase().includes(word)));
};

function showSnippets(index) {
  const found = matching();
  chosen = Math.min(Math.max(index, 0), found.length - 1);
  const options = found.map((snippet, place) => {
    const option = make("li", { role: "option", id: `snippet-${snippet.id}`, "aria-selected": String(place === chosen) }, snippet.words);
    option.addEventListener("click", () => use(snippet));
    return option;
  });
  at("snippet-list").replaceChildren(...(options.length ? options : [make("li", { class: "label", role: "option", "aria-disabled": "true" }, "None.")]));
  at("search").setAttribute("aria-activedescendant", found[chosen] ? `snippet-${found[chosen].id}` : "");
  at("forget").disabled = !found[chosen] || Boolean(found[chosen].own);
  options[chosen]?.scrollIntoView({ block: "nearest" });
}

export function acceptSnippets(snippets) {
  state.snippets = snippets;
  if (at("snippets").open) showSnippets(chosen);
}

function use(snippet) {
  at("snippets").close();
  if (snippet) page.insert(snippet.words);
}

function keep() {
  const words = page.comment().trim();
  if (!words) return;
  state.snippets = [...state.snippets, { id: "kept", words }]; // its number comes with the answer
  save("snippet", { words });
  announce("Kept");
  at("snippets").close();
}

function forget() {
  const snippet = matching()[chosen];
  if (!snippet || snippet.own) return;
  state.snippets = state.snippets.filter((each) => each !== snippet);
  if (snippet.id !== "kept") save("snippet", { remove: snippet.id });
  showSnippets(chosen);
}

function inSnippets(event) {
  const acts = {
    ArrowDown: () => showSnippets(chosen + 1),
    ArrowUp: () => showSnippets(chosen - 1),
    Enter: () => (event.ctrlKey ? keep() : event.target === at("search") && use(matching()[chosen])),
    Delete: () => event.ctrlKey && forget(),
  };
  if (!acts[event.key] || (event.key === "Delete" && !event.ctrlKey) || event.target.closest("button")) return;
  event.preventDefault();
  acts[event.key]();
}

export function watchDialogs() {
  at("search").addEventListener("input", () => showSnippets(0));
  at("snippets").addEventListener("keydown", inSnippets);
  at("keep").addEventListener("click", keep);
  at("forget").addEventListener("click", forget);
  at("second").addEventListener("change", () => page.setSecond(at("second").checked));
  at("tasks").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    const all = [...at("task-list").querySelectorAll("button")];
    if (step) all[all.indexOf(document.activeElement) + step]?.focus();
    else if (event.key === "v") page.setSecond((at("second").checked = !at("second").checked));
    else return;
    event.preventDefault();
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => at("reading").focus({ preventScroll: true }));
  }
}
