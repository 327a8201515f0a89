/**
 * The live stream and what it refreshes. The server says which parts of the page changed; the page is fetched again and
 * those parts are merged, so that focus, scroll and half-written text stay. One stream per visible tab: it closes while
 * the tab is hidden and goes on after the last event seen (hx-sse does both).
 */
import htmx from '../vendor/htmx/htmx.esm.js';
import '../vendor/htmx/hx-sse.js';
import { enhance } from './enhance.js';
import { setClock, tick } from './time.js';

/** @type {(old: Element, fragment: DocumentFragment, inner: boolean) => void} */
let morph = (old, fragment) => old.replaceWith(fragment);
htmx.registerExtension('muster', {
  init: (/** @type {any} */ api) => {
    morph = api.morph;
  },
});

/** @type {Set<string>} parts that changed and were not fetched yet; "*" is all of them */
const wanted = new Set();
let timer = 0;
let running = false;

/** Somebody is writing in this part: it waits. @param {Element} part */
function busy(part) {
  const el = document.activeElement;
  return !!el && el !== document.body && part.contains(el) && el.matches('input:not([type=radio]),textarea,select');
}

/** Replaces one element by its newer self, keeping what the reader did to it. @param {Element} old @param {Element} fresh */
export function mergeInto(old, fresh) {
  const fragment = document.createDocumentFragment();
  fragment.append(document.importNode(fresh, true));
  morph(old, fragment, false);
}

/** Adds what is new to a timeline and corrects what changed; nothing is taken away. @param {Element} old @param {Element} fresh */
function appendInto(old, fresh) {
  /** @type {Element|null} */
  let before = null;
  for (const child of [...fresh.children].reverse()) {
    if (!child.id || child.classList.contains('newsep')) continue;
    const mine = /** @type {Element|null} */ (old.querySelector(`:scope > [id="${CSS.escape(child.id)}"]`));
    if (mine) {
      mine.classList.remove('fresh');
      if (!mine.isEqualNode(child)) mergeInto(mine, child);
      before = old.querySelector(`:scope > [id="${CSS.escape(child.id)}"]`);
      continue;
    }
    const added = /** @type {Element} */ (document.importNode(child, true));
    added.classList.add('fresh');
    old.insertBefore(added, before);
    before = added;
  }
  if (fresh.querySelector('article')) old.querySelector(':scope > #nothing')?.remove();
}

/**
 * Merges a newer version of the page into this one.
 * @param {Document} doc
 * @param {Set<string>|null} names which parts; null is all
 * @param {boolean} force also those in which somebody writes
 */
export function merge(doc, names, force) {
  setClock(doc);
  if (doc.title) document.title = doc.title;
  for (const part of document.querySelectorAll('[data-part]')) {
    const name = part.getAttribute('data-part') || '';
    if (names && !names.has(name) && !names.has('*')) continue;
    const fresh = doc.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (!fresh) continue;
    if (!force && busy(part)) {
      wanted.add(name);
      continue;
    }
    if (part.getAttribute('data-merge') === 'append') appendInto(part, fresh);
    else mergeInto(part, fresh);
  }
  enhance(document);
  tick();
}

/** Fetches the page again and merges the parts that were asked for. */
async function refresh() {
  if (running || !wanted.size || document.hidden) return;
  running = true;
  const names = new Set(wanted);
  wanted.clear();
  try {
    const answer = await fetch(location.href, { headers: { 'HX-Request': 'true', Accept: 'text/html' } });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) location.reload();
    if (answer.ok) merge(new DOMParser().parseFromString(await answer.text(), 'text/html'), names, false);
  } catch {
    names.forEach((n) => wanted.add(n));
    ask([], 4000);
  } finally {
    running = false;
  }
  if (wanted.size && !document.activeElement?.matches('input,textarea,select')) ask([], 1000);
}

/** Asks for parts to be brought up to date soon. @param {Iterable<string>} names @param {number} wait in milliseconds */
export function ask(names, wait = 120) {
  for (const n of names) wanted.add(n);
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

document.addEventListener('focusout', () => {
  if (wanted.size) ask([], 300);
});

const stream = document.getElementById('live');
if (stream) {
  let opened = false;
  let delay = 1000;
  const open = () => {
    if (!document.hidden) htmx.trigger(stream, 'muster:open');
  };
  stream.addEventListener('changed', (ev) => {
    const data = /** @type {CustomEvent} */ (ev).detail?.data || '';
    ask(data.split(/\s+/).filter(Boolean));
  });
  // hx-sse notices a tab that hides while it streams, not one that hid while it was connecting: tell it again.
  const settle = () => {
    if (document.hidden) document.dispatchEvent(new Event('visibilitychange'));
  };
  stream.addEventListener('htmx:sse:after:connection', () => {
    setTimeout(settle, 100);
    if (opened) ask(['*']);
    opened = true;
    delay = 1000;
    document.getElementById('offline')?.remove();
  });
  const lost = () => {
    if (document.hidden || document.getElementById('offline')) return;
    const note = document.createElement('p');
    note.id = 'offline';
    note.className = 'offline st minor';
    note.setAttribute('role', 'status');
    note.textContent = 'Not live: trying to reach Muster again';
    document.body.append(note);
  };
  stream.addEventListener('htmx:sse:error', lost);
  const again = () => {
    lost();
    setTimeout(open, delay);
    delay = Math.min(30000, delay * 2);
  };
  stream.addEventListener('htmx:error', again);
  stream.addEventListener('htmx:response:error', again);
  document.addEventListener('visibilitychange', open);
  window.addEventListener('pageshow', () => setTimeout(open));
}
