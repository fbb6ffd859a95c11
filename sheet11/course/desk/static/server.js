// Requests. Entries are kept in the browser's storage until the server has saved them, so that a lost connection or a
// closed window loses nothing.

const PAUSES = [250, 500, 1000, 2000]; // ms between attempts

let key = "";
let waiting = []; // {path, body}, oldest first
let sending = null; // the one that is on its way
let listeners = {}; // replied, refused and connection

export class Refused extends Error {} // the same request would be refused again

async function request(path, values) {
  const cookie = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/);
  const headers = { "Content-Type": "application/json", "X-XSRFToken": cookie ? cookie[1] : "" };
  const sent = { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(values) };
  const response = await fetch(`api/${path}`, sent);
  if (response.ok) return response.json();
  const reply = await response.json().catch(() => ({}));
  const message = reply.message || response.statusText;
  if (response.status === 400) throw new Refused(message);
  throw new Error(message, { cause: response.status }); // logged out, or the disk is full: that can end
}

export const ask = (path, values = {}) => request(path, values);

export function connect(name, heard) {
  key = name;
  listeners = heard;
  waiting = JSON.parse(localStorage.getItem(key) || "[]");
  send();
}

export const unsaved = () => waiting.length;
export const unsavedMark = (id) => waiting.findLast(({ path, body }) => path === "mark" && body.id === id)?.body;
export const isWaiting = (id) => waiting.some(({ path, body }) => body.id === id && path !== "flag");

// Wait until everything is saved, but not for long.
export async function drained() {
  for (let times = 0; waiting.length && times < 100; times++) await new Promise((done) => setTimeout(done, 10));
}

export function save(path, body) {
  const last = waiting.at(-1);
  const again = path === "mark" && last?.path === path && last.body.id === body.id && last !== sending;
  if (again) last.body = { ...body, amend: last.body.amend && body.amend };
  else waiting.push({ path, body });
  keep();
  send();
}

function keep() {
  localStorage.setItem(key, JSON.stringify(waiting));
  if (waiting.length) listeners.connection("saving");
}

async function send() {
  if (sending) return;
  for (let attempt = 0; (sending = waiting[0]); ) {
    const { path, body } = sending;
    const reply = await request(path, body).catch((error) => error);
    // everything else can be sent twice; a second undo would take back more
    if (reply instanceof Error && !(reply instanceof Refused) && path !== "undo") {
      listeners.connection("lost", reply);
      await new Promise((done) => setTimeout(done, PAUSES[Math.min(attempt++, PAUSES.length - 1)]));
      continue;
    }
    attempt = 0;
    waiting.shift();
    keep();
    if (reply instanceof Error) await listeners.refused(path, body, reply.message);
    else listeners.replied(path, reply);
  }
  listeners.connection("saved");
}
