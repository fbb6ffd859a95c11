// The current answer: the person's entries for it, and moves to other answers.

import { contents, fetchContent } from "./contents.js";
import { announce, at, number } from "./dom.js";
import { showRubric } from "./rubric.js";
import { ask, Refused, save, unsaved, unsavedMark } from "./server.js";
import { isRepeatable, isToRead, ownMark, pile, state } from "./state.js";
import { showAnswer, showConnection, showMark, showPile, showTask, tags } from "./view.js";

const POLL = 2000; // ms between looks at what others have done
const PAUSE = 700; // ms without a key until what is typed is saved

let mark = null; // in the fields: {points: text, comment, items: ids}
let typed = null; // timer that saves what is being typed
let amend = false; // the newest mark is the beginning of what is being typed
const refusals = new Map(); // marks that the server refused, with its message, by pile

const request = () => ({ task: state.task.name, second: state.second ? "yes" : "" });
const storage = (task) => `sheet11-mark/${state.folder}/${state.who}/second/${task}`;
const isTyping = () => typed !== null || [at("points"), at("comment")].includes(document.activeElement);

// replies of the server

export async function load(task, id) {
  settle();
  const second = localStorage.getItem(storage(task)) ?? "";
  Object.assign(state, await ask("answers", { task, second }), { second: second === "yes" });
  contents.clear();
  const found = state.piles.findIndex((each) => each.id === id);
  go(found >= 0 ? found : Math.max(0, state.piles.findIndex(isToRead)));
}

function accept(answers) {
  if (answers.task?.name !== state.task.name) return; // another task's, or nothing has changed
  const { id } = pile();
  if (!answers.piles.some((each) => each.id === id)) settle(); // what is typed belongs to the answer that was here
  Object.assign(state, answers);
  const same = state.piles.findIndex((each) => each.id === id);
  if (same >= 0) {
    state.here = same;
    return show();
  }
  announce("This answer has changed; here is another one.");
  go(state.here);
}

export async function poll() {
  try {
    if (!document.hidden) accept(await ask("answers", { ...request(), version: state.version }));
    if (!unsaved()) connection("saved");
    await showContent();
  } catch (error) {
    if (!(error instanceof Refused)) connection("lost", error);
  }
  setTimeout(poll, POLL);
}

export function replied(path, reply) {
  if (reply.snippets) state.snippets = reply.snippets;
  else accept(reply);
  if (path === "rubric") showRubric();
  if (path !== "undo") return;
  const index = state.piles.findIndex((each) => reply.undone.includes(each.id));
  if (index >= 0) go(index);
  announce(reply.undone.length ? "Undone" : "There is nothing of yours to undo");
}

export const connection = (kind, error) => showConnection(kind, error, refusals.size);

export async function refused(path, body, message) {
  const problem = `Not saved: ${message}`;
  if (path === "mark") refusals.set(body.id, { mark: body, problem });
  accept(await ask("answers", request()).catch(() => ({})));
  const index = state.piles.findIndex((each) => each.id === body.id);
  if (index < 0) refusals.delete(body.id);
  if (at("rubric").open) at("rubric-problem").textContent = problem;
  else if (index < 0) at("problem").textContent = body.comment ? `${problem}; the comment was: ${body.comment}` : problem;
  else if (index === state.here) show();
  else if (!isTyping()) go(index);
}

// the current answer

function show() {
  const each = pile();
  if (!mark || !isTyping()) mark = entered(each);
  showTask();
  showPile();
  showAnswer(contents.get(each.id));
  showMark(mark, refusals.get(each.id)?.problem ?? "", toggle);
}

// A pile's own mark, as the fields hold it.
export function entered(each) {
  const known = refusals.get(each.id)?.mark ?? unsavedMark(each.id);
  const { points, comment, items } = known ?? ownMark(each)?.entered ?? { points: null, comment: "", items: [] };
  return { points: typeof points === "number" ? number(points) : (points ?? ""), comment, items };
}

async function showContent() {
  const { id } = pile();
  if (contents.has(id)) return;
  await fetchContent(id);
  if (pile().id === id) showAnswer(contents.get(id));
}

export async function go(index) {
  settle();
  state.here = Math.min(Math.max(index, 0), state.piles.length - 1);
  mark = null;
  amend = false;
  const each = pile();
  history.replaceState(null, "", `#${new URLSearchParams({ task: state.task.name, answer: each.id })}`);
  at("reading").focus({ preventScroll: true });
  at("reading").scrollTop = at("own").scrollTop = 0;
  show();
  announce([`Answer ${state.here + 1} of ${state.piles.length}`, ...tags(each).map(([, text]) => text)].join(", "));
  await showContent();
  await fetchContent((state.piles[next(isToRead)] ?? state.piles[state.here + 1])?.id); // so that it is there at once
}

function next(wanted) {
  const others = [...state.piles.keys()].map((step) => (state.here + 1 + step) % state.piles.length);
  return others.find((index) => index !== state.here && wanted(state.piles[index])) ?? -1;
}

export function goTo(wanted, nothing = "") {
  settle();
  const index = next(wanted);
  if (index >= 0) go(index);
  else announce(nothing);
  return index >= 0;
}

// the person's entries

function changed() {
  const each = pile();
  const trimmed = { points: mark.points.trim(), comment: mark.comment.trim(), items: mark.items };
  if (JSON.stringify(trimmed) !== JSON.stringify(entered(each))) {
    refusals.delete(each.id);
    state.removed = null; // what is undone next is this mark
    save("mark", { ...request(), id: each.id, ...trimmed, amend });
  }
  show();
}

export function settle() {
  if (!typed) return;
  clearTimeout(typed);
  changed();
  typed = null;
}

export function type(field, text) {
  mark[field] = text;
  clearTimeout(typed);
  typed = setTimeout(() => {
    settle();
    amend = true; // what follows belongs to the same mark
  }, PAUSE);
}

export function left() {
  settle();
  amend = false;
}

function enter(values) {
  left();
  Object.assign(mark, values);
  changed();
}

export function toggle(id) {
  const { items } = mark;
  enter({ items: items.includes(id) ? items.filter((each) => each !== id) : [...items, id].sort((a, b) => a - b) });
}

export const give = (points) => enter({ points: number(points), items: [] });
export const comment = () => mark.comment.trim();
export const insert = (words) => enter({ comment: `${comment()} ${words}`.trim() });
export const hasRefusals = () => refusals.size > 0;

export function repeat() {
  left();
  const { id, marks, disputed } = pile();
  if (!isRepeatable(pile())) return;
  const given = marks.filter(({ worth }) => worth !== null);
  const { points, comment, items } = (given.findLast(({ mine }) => mine) ?? given.at(-1)).entered;
  save("mark", { ...request(), id, points: points === null ? "" : String(points), comment, items, decides: disputed });
  show();
}

export function flag() {
  left();
  pile().flagged = !pile().flagged;
  save("flag", { ...request(), id: pile().id, flagged: pile().flagged });
  show();
}

export function undo() {
  left();
  refusals.delete(pile().id);
  save("undo", request());
}

export async function setSecond(on) {
  settle();
  state.second = on;
  localStorage.setItem(storage(state.task.name), on ? "yes" : "");
  announce(on ? "Second reading on" : "Second reading off");
  accept(await ask("answers", request()).catch(() => ({})));
}
