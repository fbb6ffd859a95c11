// The page: which task and which answer are in front, what the person has entered for it, and where to go from there.

import { contents, fetchContent } from "./contents.js";
import { acceptSnippets, openTasks, showRubric } from "./dialogs.js";
import { listen } from "./keys.js";
import { before, clip, drafted, entered, problem, standing, total } from "./mark.js";
import { ask, begin, Refused, save, unsaved } from "./server.js";
import { state } from "./state.js";
import * as view from "./view.js";

const POLL = 4000; // ms between looks at what others have done
const PAUSE = 700; // ms without a key after which what is typed is saved

let version = "";
let second = false; // whether answers that others have read are to be read by this person, too
let draft = null; // what is entered for the pile in front: {points: text, comment, items: a set}
let typed = null; // the timer that will save what is being typed
let amend = false; // whether the newest mark is only half of what is being typed
const unfinished = new Map(); // what was entered and could not be saved as it is, by pile
const { at } = view;

export const pile = () => state.piles[state.here];
export const comment = () => draft?.comment ?? "";
export const isToRead = (each) =>
  second && state.task.by_hand && !each.empty ? total(before(each)) === null : each.state === "unread" || each.state === "stale";

// from the server

async function load(name, id) {
  settle();
  const answers = await ask("answers", { task: name });
  contents.clear();
  second = localStorage.getItem(secondKey(name)) === "yes";
  accept(answers, true);
  const found = state.piles.findIndex((each) => each.id === id);
  go(found >= 0 ? found : Math.max(0, state.piles.findIndex(isToRead)));
}

function accept(answers, anew = false) {
  version = answers.version;
  if (!answers.piles) return;
  if (!anew && answers.task.name !== state.task.name) return; // an answer to an earlier request
  const shown = anew ? null : pile();
  if (shown && !answers.piles.some((each) => each.id === shown.id)) settle(); // what is typed belongs to the answer that was
  Object.assign(state, { task: answers.task, items: answers.items, piles: answers.piles });
  for (const { path, task, id, ...mark } of unsaved()) {
    const waits = path === "mark" && task === state.task.name && state.piles.find((each) => each.id === id);
    if (waits) foresee(waits, mark);
  }
  if (shown) {
    const same = state.piles.findIndex((each) => each.id === shown.id);
    if (same < 0) view.announce("This answer has changed; here is another one.");
    state.here = same >= 0 ? same : Math.min(state.here, state.piles.length - 1);
    if (same < 0) go(state.here);
    else show();
  }
}

// How a pile will look when the server has what was entered for it.
function foresee(each, mark) {
  const sum = total(mark);
  each.own = { points: mark.points, comment: mark.comment, items: mark.items };
  if (sum !== null) Object.assign(each, { state: "read", points: clip(sum), uneven: false });
}

async function poll() {
  try {
    if (state.task && !document.hidden) accept(await ask("answers", { task: state.task.name, version }));
    if (!unsaved().length) view.showConnection("saved");
    if (pile() && !contents.has(pile().id)) await showContent(pile());
  } catch (error) {
    if (!(error instanceof Refused)) view.showConnection("lost", error, unsaved().length);
  }
  setTimeout(poll, POLL);
}

async function showContent(each) {
  await fetchContent(each.id);
  if (pile()?.id === each.id) view.showAnswer(each, contents.get(each.id));
}

// what is in front

export async function go(index) {
  settle();
  if (!state.piles.length) return;
  state.here = Math.min(Math.max(index, 0), state.piles.length - 1);
  const each = pile();
  draft = unfinished.get(each.id) ?? null;
  amend = false;
  history.replaceState(null, "", `#${new URLSearchParams({ task: state.task.name, answer: each.id })}`);
  show();
  const tags = view.showTags(each);
  view.announce([`Answer ${state.here + 1} of ${state.piles.length}`, isToRead(each) ? "to be read" : "read", ...tags].join(", "));
  at("reading").focus({ preventScroll: true });
  at("reading").scrollTop = at("own").scrollTop = 0;
  await showContent(each);
  await fetchContent((state.piles[next(isToRead)] ?? state.piles[state.here + 1])?.id); // so that it is there at once
}

function next(wanted) {
  const others = [...state.piles.keys()].map((step) => (state.here + 1 + step) % state.piles.length);
  return others.find((index) => index !== state.here && wanted(state.piles[index])) ?? -1;
}

export function goTo(wanted, nothing) {
  settle();
  const index = next(wanted);
  if (index >= 0) go(index);
  else view.announce(nothing);
  return index >= 0;
}

export function goOn() {
  if (goTo(isToRead, "")) return;
  if (isToRead(pile())) view.announce("This is the last one to be read.");
  else openTasks("All answers to this task are read.");
}

export async function openTask(name) {
  if (name === state.task.name) return;
  await load(name).catch((error) => (at("problem").textContent = `The task was not loaded: ${error.message}`));
}

function show() {
  const each = pile();
  if (!draft || !isHeld(each)) draft = drafted(each);
  const { title, by_hand, wanted } = state.task;
  at("title").textContent = title;
  document.title = `${title} · marking`;
  const different = state.piles.some(({ count }) => count > 1) ? " different ones" : "";
  at("about").textContent = each.empty ? "Without an answer" : `Answer ${state.here + 1} of ${state.piles.length}${different}`;
  at("wanted").textContent = wanted;
  at("wanted").hidden = !wanted;
  at("points-label").textContent = state.items.length ? "Points besides the rubric’s" : "Points";
  at("comment-label").textContent = by_hand ? "Comment" : "Reason, which the student reads";
  const repeats = standing(each) && (each.uneven || each.state === "stale" || each.state === "unread");
  at("repeat").hidden = !repeats;
  at("repeat").replaceChildren(each.state === "stale" ? "The same mark for the new answer " : "The same mark for all ", view.make("kbd", {}, "="));
  at("flag").setAttribute("aria-pressed", String(each.flagged));
  view.showProgress(state, isToRead);
  view.showTags(each);
  view.showVerdict(each);
  view.showAnswer(each, contents.get(each.id));
  view.showMarks(each, second && !each.own && each.marks.length > 0);
  fill();
}

// Whether what stands in the fields is not for others' news to overwrite.
function isHeld(each) {
  const waits = unsaved().some(({ path, id }) => path === "mark" && id === each.id);
  return waits || unfinished.has(each.id) || [at("points"), at("comment")].includes(document.activeElement);
}

function fill() {
  view.showItems(state.items, draft.items, toggle);
  if (at("points").value !== draft.points) at("points").value = draft.points;
  if (at("comment").value !== draft.comment) at("comment").value = draft.comment;
  const mark = entered(draft);
  const sum = mark ? total(mark) : null;
  const shown = sum === null ? (mark && !pile().own ? pile().points : null) : clip(sum);
  at("sum").textContent = shown === null ? "–" : view.number(shown);
  const cut = sum !== null && sum !== clip(sum) ? ` (${view.number(sum)} were given)` : "";
  at("maximum").textContent = `of ${view.plural(state.task.points, "point")}${cut}`;
  at("points").setAttribute("aria-invalid", String(mark === null));
  at("problem").textContent = problem(mark);
}

// what the person enters

function changed() {
  fill();
  const mark = entered(draft);
  const each = pile();
  if (problem(mark)) return void unfinished.set(each.id, draft);
  unfinished.delete(each.id);
  if (JSON.stringify(mark) === JSON.stringify(before(each))) return;
  foresee(each, mark);
  save("mark", { task: state.task.name, id: each.id, ...mark, amend });
  view.showProgress(state, isToRead);
}

export function settle() {
  if (!typed) return;
  clearTimeout(typed);
  typed = null;
  changed();
}

export function type(field, text) {
  if (!draft) return;
  draft[field] = text;
  fill();
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

export function toggle(id) {
  left();
  if (!draft.items.delete(id)) draft.items.add(id);
  changed();
}

export function give(points) {
  left();
  if (points === 0) draft.items.clear();
  const chosen = total({ points: null, items: [...draft.items] }) ?? 0;
  const rest = points - chosen;
  draft.points = rest || !draft.items.size ? view.number(rest) : "";
  changed();
}

export function insert(words) {
  left();
  draft.comment = draft.comment.trim() ? `${draft.comment.trimEnd()} ${words}` : words;
  changed();
}

export function repeat() {
  if (at("repeat").hidden) return;
  left();
  const mark = standing(pile());
  foresee(pile(), mark);
  save("mark", { task: state.task.name, id: pile().id, ...mark, amend: false });
  draft = null;
  show();
}

export function flag() {
  left();
  pile().flagged = !pile().flagged;
  save("flag", { task: state.task.name, id: pile().id, flagged: pile().flagged });
  show();
}

export function undo() {
  left();
  save("undo", { task: state.task.name });
}

export function setSecond(on) {
  second = on;
  localStorage.setItem(secondKey(state.task.name), on ? "yes" : "no");
  view.announce(on ? "Second reading on" : "Second reading off");
  show();
}

export const hasUnfinished = () => unfinished.size > 0;
export const isSecond = () => second;
const secondKey = (name) => `sheet11-mark/${state.folder}/${state.who}/second/${name}`;

function replied(path, body, reply) {
  if (reply.snippets) acceptSnippets(reply.snippets);
  if (!reply.piles || reply.task.name !== state.task.name) return;
  if (path === "undo") unfinished.delete(pile()?.id);
  accept(reply);
  if (path === "rubric") showRubric();
  if (path === "undo") {
    const index = state.piles.findIndex((each) => each.id === reply.undone);
    if (index >= 0) go(index);
    else show();
    view.announce(reply.undone ? "Undone" : "There is nothing of yours to undo");
  }
}

async function refused(path, body, message) {
  const answers = await ask("answers", { task: state.task.name }).catch(() => null);
  if (answers) accept(answers);
  const comment = body.comment ? `; the comment was: ${body.comment}` : "";
  at(at("rubric").open ? "rubric-problem" : "problem").textContent = `Not saved: ${message}${comment}`;
}

async function start() {
  try {
    Object.assign(state, await ask("overview"));
    begin(state.folder, state.who, { reply: replied, refused, state: (kind, error) => view.showConnection(kind, error, unsaved().length) });
    const wanted = new URLSearchParams(location.hash.slice(1));
    const name = wanted.get("task");
    const first = state.tasks.find((task) => task.name === name) ?? state.tasks.find((task) => task.counts.unread);
    const task = first ?? state.tasks.find((each) => each.by_hand) ?? state.tasks[0];
    if (!task) return void (at("about").textContent = "There is nothing to mark.");
    await load(task.name, wanted.get("answer"));
    listen();
    if (!name) openTasks("");
    poll();
  } catch (error) {
    at("about").textContent = `The server does not answer: ${error.message}`;
    setTimeout(start, POLL);
  }
}

start();
