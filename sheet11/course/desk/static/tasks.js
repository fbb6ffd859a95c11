// List of all tasks, with the progress of reading.

import { announce, at, make } from "./dom.js";
import { goTo, hasRefusals, load, setSecond, settle } from "./front.js";
import { ask, drained } from "./server.js";
import { isToRead, pile, state } from "./state.js";

export async function openTasks(said = "") {
  settle();
  await drained();
  Object.assign(state, await ask("overview").catch(() => ({})));
  const counted = state.tasks.filter((task) => task.by_hand || task.read < task.answers);
  const [read, answers] = ["read", "answers"].map((name) => counted.reduce((sum, task) => sum + task[name], 0));
  at("all").textContent = `${said} In all ${read} of ${answers} answers are read.`;
  at("second").checked = state.second;
  at("task-list").replaceChildren(
    ...rows("Read by a person", state.tasks.filter((task) => task.by_hand)),
    ...rows("Graded automatically", state.tasks.filter((task) => !task.by_hand)),
  );
  if (!at("tasks").open) at("tasks").showModal();
  const open = state.tasks.filter((task) => task.read < task.answers);
  const first = open.find(isInFront) ?? open[0] ?? state.task;
  at("task-list").querySelector(`[data-name="${CSS.escape(first.name)}"]`).focus();
}

const isInFront = (task) => task.name === state.task.name;

function rows(title, tasks) {
  const heading = make("tr", {}, make("th", { scope: "colgroup", colspan: "5", class: "group" }, title));
  return tasks.length ? [heading, ...tasks.map(row)] : [];
}

function row(task) {
  const { name, title, answers, read, by_hand } = task;
  const open = make("button", { type: "button", "data-name": name }, title);
  if (isInFront(task)) open.setAttribute("aria-current", "true");
  open.addEventListener("click", () => openTask(name));
  const bar = make("progress", { max: answers, value: read, "aria-hidden": "true" });
  const progress = by_hand || read < answers ? [bar, ` ${read} of ${answers}`] : [];
  const counts = [task.changed, task.flagged, task.disputed].map((count) => make("td", {}, String(count || "")));
  return make("tr", {}, make("th", { scope: "row" }, open), make("td", {}, ...progress), ...counts);
}

async function openTask(name) {
  at("tasks").close();
  if (name === state.task.name) return;
  await load(name).catch((error) => (at("problem").textContent = `The task was not loaded: ${error.message}`));
}

// Go to the next answer to read, else to the list of tasks.
export async function goOn() {
  if (goTo(isToRead)) return;
  await drained();
  if (hasRefusals()) announce("A mark was not saved.");
  else if (isToRead(pile())) announce("This is the last answer to read.");
  else openTasks("All answers to this task are read.");
}

function pressed(event) {
  const all = [...at("task-list").querySelectorAll("button")];
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (step) all[all.indexOf(document.activeElement) + step]?.focus();
  else if (event.key === "v") at("second").click();
  else return;
  event.preventDefault();
}

export function watchTasks() {
  at("second").addEventListener("change", () => setSecond(at("second").checked));
  at("tasks").addEventListener("keydown", pressed);
}
