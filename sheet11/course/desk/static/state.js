// State of the grading as last received from the server, and the position of the current answer.

import { isWaiting } from "./server.js";

export const state = {
  who: "",
  folder: "",
  statuses: {}, // of answers, by name
  tasks: [],
  snippets: [], // comments to use again, as [id, words]
  version: "",
  task: null, // in front
  items: [], // of its rubric
  removed: null, // the item that was removed last, and nothing has been marked since
  piles: [], // equal answers to it
  here: 0, // place of the pile in front
  second: false, // second reading: others' marks are hidden, and what they have read is to read
};

export const pile = () => state.piles[state.here];
export const isToRead = (each) => each.status === state.statuses.TO_READ && !isWaiting(each.id);
export const isRepeatable = (each) => (each.changed || each.uneven || each.disputed) && each.marks.some(({ worth }) => worth !== null);
export const ownMark = (each) => each.marks.findLast((mark) => mark.mine);
