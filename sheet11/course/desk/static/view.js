// What is known, as it is shown. Texts are set as texts; as HTML only what the server has made safe.

export const at = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const number = (value) => String(Math.round(value * 1000) / 1000);
export const signed = (value) => (value > 0 ? "+" : "") + number(value).replace("-", "−");
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export function announce(text) {
  at("live").textContent = "";
  setTimeout(() => (at("live").textContent = text), 50);
}

function showMap(piles, here, isToRead) {
  const marks = piles.map((pile, index) => {
    const kinds = [isToRead(pile) ? "to-read" : "done", index === here && "here", pile.flagged && "flagged"];
    if (pile.disputed || pile.state === "stale") kinds.push("odd");
    return make("span", { class: kinds.filter(Boolean).join(" "), "data-index": String(index) });
  });
  at("map").replaceChildren(...marks);
  const [toRead, flagged] = [piles.filter(isToRead).length, piles.filter((pile) => pile.flagged).length];
  at("map").setAttribute("aria-label", `${piles.length - toRead} read, ${toRead} to be read, ${flagged} to come back to`);
}

export function showTags(pile) {
  const tags = [];
  if (pile.count > 1) tags.push(["same", pile.empty ? plural(pile.count, "student") : `${pile.count} equal answers, marked together`]);
  if (pile.state === "stale") tags.push(["odd", "changed since it was read"]);
  if (pile.disputed) tags.push(["odd", "two people disagree"]);
  if (pile.uneven) tags.push(["odd", "equal answers with different points"]);
  if (pile.flagged) tags.push(["flagged", "to come back to"]);
  at("tags").replaceChildren(...tags.map(([kind, text]) => make("span", { class: `tag ${kind}` }, text)));
  return tags.map(([, text]) => text);
}

export function showVerdict(pile) {
  const verdict = !pile.empty && pile.score;
  at("verdict").hidden = !verdict;
  if (verdict) {
    const points = verdict.points === null ? "no points yet" : plural(verdict.points, "point");
    const reason = verdict.remark || verdict.status;
    at("verdict").replaceChildren(make("p", {}, make("strong", {}, `Automatically: ${points}. `), reason));
  }
}

export function showAnswer(pile, content) {
  const version = (title, html) => {
    const part = make("div", { class: "version" }, make("h3", {}, title));
    const body = make("div", { class: "body" });
    body.innerHTML = html;
    part.append(body);
    return part;
  };
  const answer = at("answer");
  answer.classList.toggle("compared", Boolean(content?.before));
  if (pile.empty) answer.replaceChildren(make("p", { class: "nothing" }, "Nothing was handed in, or the cell is as it was given out."));
  else if (!content) answer.replaceChildren(make("p", { class: "nothing" }, "Loading …"));
  else if (content.before) answer.replaceChildren(version("As it was read", content.before), version("Now", content.now));
  else answer.innerHTML = content.now;
  at("solution").innerHTML = content?.solution ?? "";
  at("asked").innerHTML = content?.asked ?? "";
  const figures = pile.empty ? [] : (content?.figures ?? []);
  const title = pile.count > 1 ? "Figures of one of them, in this part" : "Figures in this part";
  at("figures").replaceChildren(
    ...(figures.length ? [make("h3", {}, title)] : []),
    ...figures.map(({ src, alt }) => make("p", {}, make("img", { src, alt }))),
  );
}

export function showItems(items, chosen, toggle) {
  const rows = items.map((item, index) => {
    const box = make("input", { type: "checkbox", checked: chosen.has(item.id), id: `item-${item.id}` });
    box.addEventListener("change", () => toggle(item.id));
    const key = index < 10 ? [make("kbd", {}, String((index + 1) % 10))] : [];
    const words = make("span", { class: "words" }, item.words);
    return make("label", { class: "item" }, ...key, box, make("span", { class: "worth" }, signed(item.points)), words);
  });
  const focused = document.activeElement.id;
  at("items").replaceChildren(...(rows.length ? rows : [make("p", { class: "label" }, "No items yet.")]));
  if (focused.startsWith("item-")) at(focused)?.focus();
}

export function showMarks(pile, hidden) {
  const rows = pile.marks.map((mark) => {
    const when = new Date(mark.at).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    const given = mark.given === null ? "a comment" : plural(mark.given, "point");
    const who = make("strong", {}, mark.mine ? "You" : mark.who);
    const about = [when, mark.old && "on an earlier answer", mark.count < pile.count && `on ${mark.count} of them`];
    const said = [...mark.items.map((item) => `${item.words} (${signed(item.points)})`), mark.comment].filter(Boolean);
    return make("li", {}, who, `: ${given} `, make("small", {}, about.filter(Boolean).join(", ")), make("br"), said.join("; "));
  });
  if (hidden) rows.splice(0, rows.length, make("li", {}, "Others’ marks are hidden until you have given yours."));
  at("marks").replaceChildren(...(rows.length ? rows : [make("li", {}, "None.")]));
}

export function showConnection(kind, error, waiting) {
  const why = error?.cause ? `The server says: ${error.message}` : "No connection";
  const lost = waiting ? `${why}: not saved yet, trying again` : `${why}, trying again`;
  const text = { saving: "Saving …", saved: "Saved", lost }[kind];
  if (at("saved").textContent !== text) at("saved").textContent = text;
  at("saved").className = kind;
}

export function showProgress({ tasks, task, piles, here }, isToRead) {
  showMap(piles, here, isToRead);
  const answers = piles.reduce((sum, each) => sum + each.count, 0);
  const left = piles.filter(isToRead).reduce((sum, each) => sum + each.count, 0);
  const said = left ? `${answers - left} of ${answers} read, ${left} to go` : `all ${answers} read`;
  const others = tasks.filter((each) => each.by_hand && each.name !== task.name);
  const all = others.reduce((sum, { counts }) => sum + (counts.unread ?? 0) + (counts.stale ?? 0), left);
  at("progress").replaceChildren(said, make("span", { class: "all" }, all ? ` · ${all} in all` : ""));
}
