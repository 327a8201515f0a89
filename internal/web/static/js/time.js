/**
 * Ticking times. The wording is the server's (format.go); a change there needs one here.
 * The server's clock counts: the page says what it was, and only the difference is added.
 */

const NB = '\u00a0';
let offset = 0;

/** Takes the server's clock from a document that it has just sent. @param {Document} doc */
export function setClock(doc) {
  const at = Date.parse(doc.documentElement.dataset.now || '');
  if (!Number.isNaN(at)) offset = at - Date.now();
}

/** @returns {number} now, by the server's clock, in milliseconds */
export function now() {
  return Date.now() + offset;
}

/** "42 s", "12 min", "4 h 44 min", "3 d 4 h". @param {number} ms */
export function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (s < 60) return `${s}${NB}s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m}${NB}min`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 ? `${h}${NB}h ${m % 60}${NB}min` : `${h}${NB}h`;
  const d = Math.floor(h / 24);
  return h % 24 && d <= 6 ? `${d}${NB}d ${h % 24}${NB}h` : `${d}${NB}d`;
}

/** "7:26", "1:06:42". @param {number} ms */
export function clock(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return span(ms);
}

/** "5:48", "2 h 36", "3 d 4 h". @param {number} ms */
export function countdown(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (s < 3600) return clock(ms);
  if (s < 86400) return `${Math.floor(s / 3600)}${NB}h${NB}${String(Math.floor(s / 60) % 60).padStart(2, '0')}`;
  return span(ms);
}

/** @param {Element} el @param {string} text */
function say(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

const words = {
  /** @param {HTMLElement} el */
  ago(el) {
    const d = now() - Date.parse(el.getAttribute('datetime') || '');
    say(el, d < 0 ? `in ${span(d)}` : d < 5000 ? 'just now' : `${span(d)} ago`);
  },
  /** @param {HTMLElement} el */
  span(el) {
    say(el, span(now() - Date.parse(el.getAttribute('datetime') || '')));
  },
  /** @param {HTMLElement} el */
  'clock-from'(el) {
    say(el, clock(now() - Date.parse(el.dataset.from || '')));
  },
  /** The time of day, in whatever zone the server wrote it. @param {HTMLElement} el */
  clock(el) {
    const at = Date.parse(document.documentElement.dataset.now || '');
    el.dataset.first ||= el.textContent || '';
    const [h, m] = el.dataset.first.split(':').map(Number);
    const then = Math.floor(at / 60000);
    const minutes = (((h * 60 + m + Math.floor(now() / 60000) - then) % 1440) + 1440) % 1440;
    say(el, `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
  },
};

/** A promise: what is left, the bar, and whether it is overdue. @param {HTMLElement} el */
function due(el) {
  const by = Date.parse(el.dataset.due || '');
  const left = by - now();
  el.classList.toggle('over', left <= 0);
  const clk = el.querySelector('.clk');
  if (clk) say(clk, countdown(left));
  const from = Date.parse(el.dataset.from || '');
  const bar = el.querySelector('.fg');
  if (bar && !Number.isNaN(from) && by > from) {
    bar.setAttribute('width', String(Math.round(Math.min(100, Math.max(0, (left / (by - from)) * 100)))));
  }
}

/** Brings every ticking element of the page up to date. */
export function tick() {
  for (const el of document.querySelectorAll('[data-tick]')) {
    const word = words[/** @type {keyof typeof words} */ (el.getAttribute('data-tick'))];
    if (word) word(/** @type {HTMLElement} */ (el));
  }
  document.querySelectorAll('[data-due]').forEach((el) => due(/** @type {HTMLElement} */ (el)));
  for (const el of document.querySelectorAll('[data-until]')) {
    const left = Date.parse(el.getAttribute('data-until') || '') - now();
    say(el, left > 0 ? countdown(left) : 'now');
  }
}

/** Starts the one clock of the page; it rests while the page is hidden. */
export function startTicking() {
  setClock(document);
  tick();
  setInterval(() => {
    if (!document.hidden) tick();
  }, 1000);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) tick();
  });
}
