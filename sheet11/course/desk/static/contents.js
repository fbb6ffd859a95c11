// Contents of answers, fetched when they are shown or about to be.

import { ask } from "./server.js";
import { state } from "./state.js";

const MOST_CONTENTS = 30; // that are kept

export const contents = new Map(); // by pile of the task in front

export async function fetchContent(id) {
  if (!id || contents.has(id)) return;
  const task = state.task.name;
  const content = await ask("content", { task, id }).catch(() => null);
  if (!content || state.task.name !== task) return;
  if (contents.size >= MOST_CONTENTS) contents.delete(contents.keys().next().value);
  contents.set(id, content);
}
