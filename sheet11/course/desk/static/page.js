// The page: which task and which answer are in front, what the person has entered for it, and where to go from there.

import { openTasks, showRubric } from "./dialogs.js";
import { listen } from "./keys.js";
import { before, clip, drafted, entered, problem, total } from "./mark.js";
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
const contents = new Map(); // by pile
const unfinished = new Map(); // what was entered and could not be saved as it is, by pile
const { at } = view;

export const pile = () => state.piles[state.here];
export const comment = () => draft?.comment ?? "";
export const isToRead = (each) =>
  second && state.task.by_hand && !each.empty ? each.own === null : each.state === "unread" || each.state === "stale";

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
  count();
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
    if (!unsaved().length) connection("saved");
  } catch (error) {
    if (!(error instanceof Refused)) connection("lost");
  }
  setTimeout(poll, POLL);
}

function connection(kind) {
  const words = { saving: "Saving …", saved: "Saved", lost: "No connection: not saved yet, trying again" };
  if (kind === "lost" && !unsaved().length) words.lost = "No connection, trying again";
  if (at("saved").textContent !== words[kind]) at("saved").textContent = words[kind];
  at("saved").className = kind;
}

async function fetchContent(each) {
  if (!each || contents.has(each.id)) return;
  const task = state.task.name;
  const content = await ask("content", { task, id: each.id }).catch(() => null);
  if (content && state.task.name === task) contents.set(each.id, content);
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
  await fetchContent(each);
  if (pile()?.id === each.id) view.showAnswer(each, contents.get(each.id));
  await fetchContent(state.piles[next(isToRead)] ?? state.piles[state.here + 1]); // so that it is there at once
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
  if (!goTo(isToRead, "") && !isToRead(pile())) openTasks("All answers to this task are read.");
}

export async function openTask(name) {
  if (!state.task || name !== state.task.name) await load(name);
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
  const repeats = each.state === "stale" || (each.marks.length > 0 && (each.uneven || each.state === "unread"));
  at("repeat").hidden = !repeats;
  at("repeat").replaceChildren(each.state === "stale" ? "The same mark for the new answer " : "The same mark for all ", view.make("kbd", {}, "="));
  at("flag").setAttribute("aria-pressed", String(each.flagged));
  view.showMap(state.piles, state.here, isToRead);
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
  const standing = sum === null ? (mark && !pile().own ? pile().points : null) : clip(sum);
  at("sum").textContent = standing === null ? "–" : view.number(standing);
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
  count();
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
  const { marks, own } = pile();
  const standing = marks.filter((mark) => mark.given !== null).at(-1);
  const mark = own && total(own) !== null ? { ...own } : standing && copied(standing);
  if (!mark) return;
  const { id } = pile();
  foresee(pile(), mark);
  save("mark", { task: state.task.name, id, ...mark, amend: false });
  draft = null;
  show();
  count();
}

function copied(mark) {
  const items = mark.items.map((item) => item.id);
  return { points: mark.points, comment: mark.comment, items };
}

export function flag() {
  left();
  pile().flagged = !pile().flagged;
  save("flag", { task: state.task.name, id: pile().id, flagged: pile().flagged });
  show();
  count();
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
  count();
}

export const hasUnfinished = () => unfinished.size > 0;
export const isSecond = () => second;
const secondKey = (name) => `sheet11-mark/${state.folder}/${state.who}/second/${name}`;

function count() {
  view.showMap(state.piles, state.here, isToRead);
  const answers = state.piles.reduce((sum, each) => sum + each.count, 0);
  const left = state.piles.filter(isToRead).reduce((sum, each) => sum + each.count, 0);
  const said = left ? `${answers - left} of ${answers} read, ${left} to go` : `all ${answers} read`;
  const others = state.tasks.filter((task) => task.by_hand && task.name !== state.task.name);
  const toRead = others.reduce((sum, { counts }) => sum + (counts.unread ?? 0) + (counts.stale ?? 0), left);
  at("progress").replaceChildren(said, view.make("span", { class: "all" }, toRead ? ` · ${toRead} in all` : ""));
}

function replied(path, body, reply) {
  if (reply.snippets) state.snippets = reply.snippets;
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
  at(at("rubric").open ? "rubric-problem" : "problem").textContent = `Not saved: ${message}`;
}

async function start() {
  try {
    Object.assign(state, await ask("overview"));
    begin(state.folder, state.who, { reply: replied, refused, state: connection });
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
