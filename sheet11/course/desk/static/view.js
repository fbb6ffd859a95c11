// Display of the current answer and everything around it. Text is inserted as text; HTML comes only from the server,
// which has made it safe.

import { at, make, number, plural } from "./dom.js";
import { isWaiting, unsaved } from "./server.js";
import { isRepeatable, isToRead, ownMark, pile, state } from "./state.js";

const signed = (value) => (value > 0 ? "+" : "") + number(value).replace("-", "−");

export function showTask() {
  const { title, by_hand, wanted } = state.task;
  document.title = `${title} · marking`;
  at("title").textContent = title;
  at("wanted").textContent = wanted;
  at("points-label").textContent = state.items.length ? "Points besides the rubric’s" : "Points";
  at("comment-label").textContent = by_hand ? "Comment" : "Reason, which the student reads";
  showMap();
  const answers = state.piles.reduce((sum, each) => sum + each.count, 0);
  const left = state.piles.filter(isToRead).reduce((sum, each) => sum + each.count, 0);
  at("progress").textContent = left ? `${answers - left} of ${answers} read, ${left} to go` : `all ${answers} read`;
}

function showMap() {
  const squares = state.piles.map((each, index) => {
    const kinds = [isToRead(each) ? "to-read" : "done"];
    if (index === state.here) kinds.push("here");
    if (each.flagged) kinds.push("flagged");
    if (each.disputed || each.changed) kinds.push("odd");
    return make("span", { class: kinds.join(" "), "data-index": String(index) });
  });
  at("map").replaceChildren(...squares);
  const counts = Object.values(state.statuses).map((status) => [state.piles.filter((each) => each.status === status).length, status]);
  at("map").setAttribute("aria-label", counts.filter(([count]) => count).map((count) => count.join(" ")).join(", "));
}

export function tags({ count, empty, status, changed, disputed, uneven, flagged }) {
  return [
    [count > 1 && "same", empty ? plural(count, "student") : `${count} equal answers, marked together`],
    ["status", status],
    [changed && "odd", changed],
    [disputed && "odd", "two people disagree"],
    [uneven && "odd", "equal answers with different points"],
    [flagged && "flagged", "to come back to"],
  ].filter(([kind]) => kind);
}

export function showPile() {
  const each = pile();
  const { length } = state.piles;
  at("about").textContent = each.empty ? "Without an answer" : `Answer ${state.here + 1} of ${length}`;
  at("tags").replaceChildren(...tags(each).map(([kind, text]) => make("span", { class: `tag ${kind}` }, text)));
  at("flag").setAttribute("aria-pressed", String(each.flagged));
  at("repeat").hidden = !isRepeatable(each);
  at("repeat").replaceChildren(repeated(each), make("kbd", {}, "="));
  showScore(each.score);
  showMarks(each);
  at("sum").textContent = isWaiting(each.id) ? "…" : each.points === null ? "–" : number(each.points);
  at("maximum").textContent = `of ${plural(state.task.points, "point")}`;
}

function repeated(each) {
  if (each.disputed) return `Decide for ${ownMark(each)?.worth != null ? "your mark" : "the newest mark"} `;
  return each.changed ? "The same mark again " : "The same mark for all ";
}

function showScore(score) {
  at("score").hidden = !score;
  if (!score) return;
  const points = score.points === null ? "no points yet" : plural(score.points, "point");
  at("score").replaceChildren(make("strong", {}, `Automatically: ${points}. `), score.remark);
}

function showMarks({ marks }) {
  const rows = marks.map(({ mine, who, at: when, worth, remark, old }) => {
    const points = worth === null ? "a comment" : plural(worth, "point");
    const about = [new Date(when).toLocaleString([], { dateStyle: "short", timeStyle: "short" })];
    if (old) about.push("on an earlier answer");
    return make("li", {}, make("strong", {}, mine ? "You" : who), `: ${points} `, make("small", {}, about.join(", ")), make("br"), remark);
  });
  if (state.second && isToRead(pile())) rows.push(make("li", {}, "Others’ marks are hidden until you have given yours."));
  at("marks").replaceChildren(...(rows.length ? rows : [make("li", {}, "None.")]));
}

export function showAnswer(content) {
  const { empty, count, changed } = pile();
  const before = changed && content?.before;
  const note = (text) => make("p", { class: "nothing" }, text);
  at("answer").classList.toggle("compared", Boolean(before));
  if (empty) at("answer").replaceChildren(note("Nothing was handed in, or the cell is as it was released."));
  else if (!content) at("answer").replaceChildren(note("Loading …"));
  else if (before) at("answer").replaceChildren(version("As it was read", before), version("Now", content.now));
  else at("answer").innerHTML = content.now;
  at("solution").innerHTML = content?.solution ?? "";
  at("asked").innerHTML = content?.asked ?? "";
  const figures = empty ? [] : (content?.figures ?? []);
  const images = figures.map(({ src, alt }) => make("p", {}, make("img", { src, alt })));
  const title = make("h3", {}, count > 1 ? "Figures of one of them, in this part" : "Figures in this part");
  at("figures").replaceChildren(...(images.length ? [title, ...images] : []));
}

function version(title, html) {
  const body = make("div", { class: "body" });
  body.innerHTML = html;
  return make("div", { class: "version" }, make("h3", {}, title), body);
}

// The fields, with a function that is called with the id of an item that is clicked.
export function showMark(mark, problem, toggle) {
  showItems(mark.items, toggle);
  if (at("points").value !== mark.points) at("points").value = mark.points;
  if (at("comment").value !== mark.comment) at("comment").value = mark.comment;
  at("points").setAttribute("aria-invalid", String(Boolean(problem)));
  at("problem").textContent = problem;
}

function showItems(chosen, toggle) {
  const rows = state.items.map(({ id, points, words }, index) => {
    const box = make("input", { type: "checkbox", checked: chosen.includes(id), id: `item-${id}` });
    box.addEventListener("change", () => toggle(id));
    const key = index < 10 ? [make("kbd", {}, String((index + 1) % 10))] : [];
    return make("label", { class: "item" }, ...key, box, make("span", { class: "worth" }, signed(points)), make("span", { class: "words" }, words));
  });
  const focused = document.activeElement.id;
  at("items").replaceChildren(...(rows.length ? rows : [make("p", { class: "label" }, "No items yet.")]));
  if (focused.startsWith("item-")) at(focused)?.focus();
}

export function showConnection(kind, error, refused) {
  const why = error?.cause ? `The server says: ${error.message}` : "No connection";
  const lost = unsaved() ? `${why}: not saved yet, trying again` : `${why}, trying again`;
  const saved = refused ? `${plural(refused, "mark")} not saved` : "Saved";
  const text = { saving: "Saving …", saved, lost }[kind];
  if (at("saved").textContent !== text) at("saved").textContent = text;
  at("saved").className = refused ? "lost" : kind;
}
