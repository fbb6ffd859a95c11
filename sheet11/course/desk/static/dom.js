// Elements of the page, and texts in them.

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

export const number = (value) => String(Math.round(value * 1e6) / 1e6);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export function announce(text) {
  at("live").textContent = "";
  setTimeout(() => (at("live").textContent = text), 50);
}
