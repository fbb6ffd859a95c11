// Editor of the current task's rubric.

import { announce, at, make, number, plural } from "./dom.js";
import { save } from "./server.js";
import { state } from "./state.js";

export function openRubric() {
  at("rubric-problem").textContent = "";
  showRubric();
  at("rubric").showModal();
  newItem().points.focus();
}

const newItem = () => at("rubric-rows").lastElementChild.elements;

// Rebuild all rows except the one being edited and the new item.
export function showRubric() {
  const kept = new Map();
  for (const form of at("rubric-rows").children) {
    if (form.contains(document.activeElement) || form.dataset.item === nameOf(null)) kept.set(form.dataset.item, form);
  }
  const focused = document.activeElement;
  at("rubric-rows").replaceChildren(...[...state.items, null].map((item) => kept.get(nameOf(item)) ?? row(item)));
  if (at("rubric-rows").contains(focused)) focused.focus();
}

const nameOf = (item) => (item ? String(item.id) : `new in ${state.task.name}`);

function row(item) {
  const points = make("input", { name: "points", "aria-label": "Points", inputmode: "decimal", placeholder: "points", required: true });
  const words = make("input", { name: "words", "aria-label": "Words", maxlength: "500", required: true });
  const form = make("form", { "data-item": nameOf(item) }, points, words);
  const submit = (event) => {
    event.preventDefault();
    saveItem(item, form);
  };
  form.addEventListener("submit", submit);
  if (!item) {
    words.placeholder = "a new item, in words";
    form.append(make("button", {}, "Add"));
    return form;
  }
  [points.value, words.value] = [number(item.points), item.words];
  form.addEventListener("change", submit);
  const remove = make("button", { type: "button", "aria-label": `Remove ${item.words}` }, "Remove");
  remove.addEventListener("click", () => {
    const marked = answersWith(item);
    if (marked && !confirm(`Remove "${item.words}"? ${plural(marked, "answer has", "answers have")} this item.`)) return;
    newItem().points.focus();
    state.removed = { ...item, task: state.task.name };
    save("rubric", { task: state.task.name, item: item.id, remove: true });
  });
  form.append(make("button", { class: "unseen" }, "Save"), remove);
  return form;
}

function answersWith(item) {
  const marked = state.piles.filter(({ marks }) => marks.some(({ entered }) => entered.items.includes(item.id)));
  return marked.reduce((sum, { count }) => sum + count, 0);
}

// Bring back the item that was removed last, for every mark that had it.
export function restore() {
  const { id, points, words, task } = state.removed;
  state.removed = null;
  save("rubric", { task, item: id, points: String(points), words });
  announce(`"${words}" is back`);
}

function saveItem(item, form) {
  const [points, words] = [form.elements.points.value, form.elements.words.value];
  at("rubric-problem").textContent = "";
  save("rubric", { task: state.task.name, item: item?.id ?? null, points, words });
  if (item) return;
  form.reset();
  form.elements.points.focus();
}
