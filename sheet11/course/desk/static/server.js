// What the page asks the server for, and what it sends. What was to be saved and is not yet stays in the browser's own
// storage, so that neither a lost connection nor a closed window loses it.

const PATIENCE = [500, 1000, 2000, 4000]; // ms between attempts

let key = "sheet11-mark";
let waiting = []; // {path, body}, oldest first
let sending = null; // that of them which is on its way
let listeners = { reply() {}, refused() {}, state() {} };

export class Refused extends Error {} // by the server, for good: the same request would be refused again

async function request(path, options = {}) {
  const cookie = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/);
  const headers = { "Content-Type": "application/json", "X-XSRFToken": cookie ? cookie[1] : "" };
  const response = await fetch(`api/${path}`, { credentials: "same-origin", headers, ...options });
  if (response.ok) return response.json();
  const said = await response.json().catch(() => ({}));
  const message = said.message || response.statusText;
  if (response.status === 400 || response.status === 409) throw new Refused(message);
  throw new Error(message, { cause: response.status }); // logged out, or the disk is full: that can end
}

export const ask = (path, values = {}) => request(`${path}?${new URLSearchParams(values)}`);

export function begin(folder, who, heard) {
  key = `sheet11-mark/${folder}/${who}`;
  listeners = heard;
  waiting = JSON.parse(localStorage.getItem(key) || "[]");
  send();
}

export const unsaved = () => waiting.map(({ path, body }) => ({ path, ...body }));

// Waits until all is saved, but not for long.
export async function drained() {
  for (let times = 0; waiting.length && times < 20; times++) await new Promise((done) => setTimeout(done, 50));
}

export function save(path, body) {
  const last = waiting.at(-1);
  const same = last && last !== sending && path === "mark" && last.path === path;
  if (same && last.body.task === body.task && last.body.id === body.id) {
    last.body = { ...body, amend: last.body.amend && body.amend };
  } else {
    waiting.push({ path, body });
  }
  keep();
  send();
}

function keep() {
  localStorage.setItem(key, JSON.stringify(waiting));
  if (waiting.length) listeners.state("saving");
}

async function send() {
  if (sending) return;
  for (let attempt = 0; (sending = waiting[0]); ) {
    const { path, body } = sending;
    try {
      const reply = await request(path, { method: "POST", body: JSON.stringify(body) });
      waiting.shift();
      keep();
      listeners.reply(path, body, reply);
      attempt = 0;
    } catch (error) {
      // whatever else is sent can be sent twice; a second undo would take back more
      if (error instanceof Refused || path === "undo") {
        waiting.shift();
        keep();
        listeners.refused(path, body, error.message);
        attempt = 0;
      } else {
        listeners.state("lost", error);
        await new Promise((done) => setTimeout(done, PATIENCE[Math.min(attempt++, PATIENCE.length - 1)]));
      }
    }
  }
  listeners.state("saved");
}
