// A mark as it is entered and as it is sent, and what it is worth.

import { state } from "./state.js";
import { number } from "./view.js";

const NOTHING = { points: null, comment: "", items: [] };

export const clip = (sum) => Math.min(Math.max(sum, 0), state.task.points);

export function total({ points, items }) {
  const chosen = state.items.filter((item) => items.includes(item.id));
  return points === null && !chosen.length ? null : (points ?? 0) + chosen.reduce((sum, item) => sum + item.points, 0);
}

export const before = (each) => each.own ?? NOTHING;

// The mark that stands on a pile, one's own before others'; null if there is none.
export function standing({ own, marks }) {
  if (own && total(own) !== null) return own;
  const found = marks.filter((mark) => mark.given !== null).at(-1);
  return found ? { points: found.points, comment: found.comment, items: found.items.map((item) => item.id) } : null;
}

// What the fields hold when an answer comes to the front; of one that has changed, what was said of the earlier one.
export function drafted(each) {
  const { points, comment, items } = before(each);
  return { points: points === null ? "" : number(points), comment, items: new Set(items) };
}

// The mark that the fields make, null if the points are none.
export function entered(draft) {
  const text = draft.points.trim().replace(",", ".").replace("−", "-");
  const points = text === "" ? null : /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  const least = draft.items.size ? -state.task.points : 0;
  if (points !== null && !(points >= least && points <= state.task.points)) return null;
  return { points, comment: draft.comment.trim(), items: [...draft.items].sort((a, b) => a - b) };
}

// What keeps a mark from being saved, if anything.
export function problem(mark) {
  if (mark === null) return `Points must be a number from 0 to ${number(state.task.points)}; not saved.`;
  const reason = !state.task.by_hand && !mark.comment && total(mark) !== null;
  return reason ? "Points that were given automatically are changed with a reason only; not saved yet." : "";
}
