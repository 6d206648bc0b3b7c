// A complete client of the protocol rowcast.v1 (src/protocol/PROTOCOL.md) in plain JavaScript: no build, no dependency.
'use strict';

const LONGEST_PAUSE_MS = 30_000;
// The close codes after which coming back is of no use.
const FINAL = { 4400: 'the server does not understand this page', 4401: 'signed out' };

/** The rows of one question, kept live over as many connections as it takes. */
class LiveRows {
  /** Rows by the text of their keys, as of `position`. */
  rows = new Map();
  position = null;
  #socket = null;
  #failures = 0;
  #timer = null;
  #watchdog = null;

  /** `show(rows, changedKeys)` is called once for each commit, `tell(text)` when something else happens. */
  constructor(server, question, show, tell) {
    Object.assign(this, { server, question, show, tell });
    this.#connect();
    // A browser that was asleep or offline does not wait for the next try.
    this.wake = () => document.visibilityState === 'visible' && this.#timer && this.#connect();
    addEventListener('online', this.wake);
    document.addEventListener('visibilitychange', this.wake);
  }

  stop() {
    removeEventListener('online', this.wake);
    document.removeEventListener('visibilitychange', this.wake);
    this.#let_go();
  }

  #let_go() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#timer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    this.#let_go();
    // What the last connection had not committed is gone.
    this.staged = [];
    this.snapshot = null;
    this.complete = false;
    this.silence = 20_000;
    this.tell('connecting…');
    const socket = new WebSocket(`ws://${this.server}/live`, 'rowcast.v1');
    this.#socket = socket;
    socket.onopen = () => {
      const resume = this.position === null ? {} : { position: this.position };
      socket.send(JSON.stringify({ type: 'subscribe', id: 'rows', ...this.question, ...resume }));
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#expect_more();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.#socket === socket && this.#lost(code);
    this.#expect_more();
  }

  /** Some networks fail without a word. */
  #expect_more() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), this.silence);
  }

  #lost(code) {
    this.#let_go();
    if (FINAL[code]) return this.tell(FINAL[code]);
    this.#failures += 1;
    // The random part keeps a thousand pages from coming back at once.
    const pause = Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#failures);
    this.tell(`not connected; trying again in ${Math.ceil(pause / 1000)} s`);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  #receive(frame) {
    switch (frame.type) {
      case 'welcome':
        // Who hears nothing for twice as long should connect again.
        this.silence = 2 * frame.heartbeat_ms;
        break;
      case 'subscribed':
        Object.assign(this, { key: frame.key, complete: frame.resumed, snapshot: null, staged: [] });
        this.tell('catching up…');
        break;
      case 'resync':
        Object.assign(this, { complete: false, snapshot: null, staged: [] });
        this.tell(`starting over: ${frame.reason}`);
        break;
      case 'snapshot':
        this.snapshot = [...(this.snapshot ?? []), ...frame.rows];
        if (frame.more) break;
        this.staged = [{ op: 'truncate' }, ...this.snapshot.map((row) => ({ op: 'insert', row, quietly: true }))];
        this.snapshot = null;
        this.complete = true;
        break;
      case 'changes':
        // Not `push(...)`: a thousand arguments are fine, a million are not.
        this.staged = this.staged.concat(frame.changes);
        break;
      case 'error':
        this.tell(`${frame.code}: ${frame.message} ${frame.hint ?? ''}`);
        if (frame.code !== 'source_unavailable') this.stop();
        return;
      case 'source':
        this.tell(frame.available ? 'live' : 'the database cannot be read; waiting');
        break;
    }
    if (frame.position && this.complete) this.#commit(frame.position);
  }

  /** Everything since the last position becomes visible at once. */
  #commit(position) {
    const changed = new Set();
    for (const { op, row, key, quietly } of this.staged) {
      if (op === 'truncate') this.rows.clear();
      else if (op === 'delete') this.rows.delete(this.#key_of(key));
      else {
        this.rows.set(this.#key_of(row), row);
        if (!quietly) changed.add(this.#key_of(row));
      }
    }
    const anything = this.staged.length > 0 || this.position === null;
    this.staged = [];
    this.position = position;
    this.#failures = 0;
    this.tell('live');
    if (anything) this.show(this.rows, changed);
  }

  #key_of(row) {
    return JSON.stringify(this.key.map((column) => row[column]));
  }
}

const form = document.querySelector('form');
const [head, body] = document.querySelectorAll('thead, tbody');
const state = document.querySelector('#state');
let live = null;

form.elements.server.value = location.protocol.startsWith('http') ? location.host : 'localhost:3000';

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function text_of(value) {
  return value === null ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function show(rows, changed) {
  const columns = rows.size ? Object.keys(rows.values().next().value) : [];
  head.replaceChildren(...columns.map((column) => element('th', column)));
  const lines = [...rows].map(([key, row]) => {
    const line = document.createElement('tr');
    line.classList.toggle('changed', changed.has(key));
    line.append(...columns.map((column) => element('td', text_of(row[column]))));
    return line;
  });
  body.replaceChildren(...lines);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  live?.stop();
  const { server, table, where } = form.elements;
  const question = { table: table.value, ...(where.value && { where: where.value }) };
  const tell = (text) => { if (state.textContent !== text) state.textContent = text; };
  head.replaceChildren();
  body.replaceChildren();
  live = new LiveRows(server.value, question, show, tell);
});
