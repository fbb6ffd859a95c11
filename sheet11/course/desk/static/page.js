// Start of the page: load the state of the grading, then show the task and the answer in the address.

import { at } from "./dom.js";
import { connection, load, poll, refused, replied } from "./front.js";
import { watchKeys } from "./keys.js";
import { ask, connect } from "./server.js";
import { watchSnippets } from "./snippets.js";
import { state } from "./state.js";
import { openTasks, watchTasks } from "./tasks.js";

const PAUSE = 4000; // ms between attempts

async function start() {
  Object.assign(state, await ask("overview"));
  if (!state.tasks.length) return void (at("about").textContent = "There is nothing to mark.");
  const wanted = new URLSearchParams(location.hash.slice(1));
  const known = state.tasks.find(({ name }) => name === wanted.get("task"));
  const task = known ?? state.tasks.find(({ read, answers }) => read < answers) ?? state.tasks[0];
  await load(task.name, wanted.get("answer"));
  connect(`sheet11-mark/${state.folder}/${state.who}`, { replied, refused, connection });
  watchKeys();
  watchSnippets();
  watchTasks();
  if (!known) openTasks();
  poll();
}

async function startUntilItWorks() {
  try {
    await start();
  } catch (error) {
    at("about").textContent = `The server does not answer: ${error.message}`;
    setTimeout(startUntilItWorks, PAUSE);
  }
}

startUntilItWorks();
