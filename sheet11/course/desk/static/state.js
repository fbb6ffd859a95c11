// What is known of the grading: the task and the answer in front, and all that is shown around them.

export const state = { who: "", folder: "", tasks: [], snippets: [], task: null, items: [], piles: [], here: 0 };
