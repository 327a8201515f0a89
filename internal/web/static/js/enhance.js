/**
 * Small things that a page gains with script: copy and print buttons, tabs of the room on phones, the schedule opened at
 * now, the line of a problem in the editor. Runs again after each merge; each step is idempotent.
 */

import { offerPush } from './push.js';

/** @param {ParentNode} root */
export function enhance(root) {
  offerPush(root);
  root.querySelectorAll('[data-copy][hidden],[data-print][hidden],[data-help][hidden],[data-scripted][hidden]').forEach((el) => {
    /** @type {HTMLElement} */ (el).hidden = false;
  });
  root.querySelectorAll('[data-unscripted]').forEach((el) => {
    /** @type {HTMLElement} */ (el).hidden = true;
  });
  root.querySelectorAll('[data-tabs]:not([data-tab])').forEach((el) => {
    const named = { '#stream': 'stream', '#guide': 'guide' }[location.hash];
    showTab(named || (document.querySelector(`.stream ${location.hash || '#_'}`) ? 'stream' : 'answers'));
  });
  root.querySelectorAll('[data-now-x]:not([data-shown])').forEach((el) => {
    const box = /** @type {HTMLElement} */ (el);
    const x = Number(box.dataset.nowX);
    box.dataset.shown = '';
    if (x > 0) box.scrollLeft = Math.max(0, x - box.clientWidth / 3);
  });
  root.querySelectorAll('input[data-zone]').forEach((el) => {
    const input = /** @type {HTMLInputElement} */ (el);
    if (!input.value) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || '';
  });
  root.querySelectorAll('[data-auto]:not([data-armed])').forEach((el) => {
    const span = /** @type {HTMLElement} */ (el);
    span.dataset.armed = '';
    setTimeout(() => span.isConnected && span.hasAttribute('data-auto') && span.querySelector('form')?.requestSubmit(), 1500);
  });
  root.querySelectorAll('[data-toast]:not([data-armed])').forEach((el) => {
    const toast = /** @type {HTMLElement} */ (el);
    toast.dataset.armed = '';
    setTimeout(() => {
      if (!toast.matches(':focus-within')) toast.remove();
    }, 10000);
  });
}

/** Shows one part of the room on a phone; wide screens show all. @param {string} name */
export function showTab(name) {
  const cols = /** @type {HTMLElement|null} */ (document.querySelector('[data-tabs]'));
  if (!cols) return;
  cols.dataset.tab = name;
  document.querySelectorAll('[data-tabto]').forEach((a) => {
    if (a.getAttribute('data-tabto') === name) a.setAttribute('aria-current', 'true');
    else a.removeAttribute('aria-current');
  });
  if (name === 'stream' && matchMedia('(max-width: 720px)').matches) {
    document.querySelector('#entries > :last-child')?.scrollIntoView({ block: 'end' });
  }
}

/** Selects a line of the editor. @param {number} line */
function goToLine(line) {
  const area = /** @type {HTMLTextAreaElement|null} */ (document.getElementById('body'));
  if (!area) return;
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] || '').length);
  area.scrollTop = (line - 4) * parseFloat(getComputedStyle(area).lineHeight);
}

document.addEventListener('click', async (ev) => {
  const target = /** @type {Element} */ (ev.target);
  const copy = /** @type {HTMLElement|null} */ (target.closest('[data-copy]'));
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy || '');
    const was = copy.innerHTML;
    copy.textContent = 'Copied';
    setTimeout(() => (copy.innerHTML = was), 1600);
  }
  if (target.closest('[data-print]')) window.print();
  const tab = target.closest('[data-tabto]');
  if (tab && matchMedia('(max-width: 720px)').matches) {
    ev.preventDefault();
    showTab(tab.getAttribute('data-tabto') || 'answers');
  }
  const line = target.closest('[data-line]');
  if (line) {
    ev.preventDefault();
    goToLine(Number(line.getAttribute('data-line')));
  }
  // a click beside an open menu shuts it
  document.querySelectorAll('details.press[open]').forEach((d) => {
    if (!d.contains(target)) d.removeAttribute('open');
  });
});

document.addEventListener('input', (ev) => {
  const at = /** @type {Element} */ (ev.target).closest('.at-in');
  const radio = /** @type {HTMLInputElement|null|undefined} */ (at?.parentElement?.querySelector('input[type=radio]'));
  if (radio) radio.checked = true;
});

let dirty = false;
document.addEventListener('input', (ev) => {
  if (/** @type {Element} */ (ev.target).closest('[data-dirty-guard]')) dirty = true;
});
document.addEventListener('submit', () => (dirty = false));
window.addEventListener('beforeunload', (ev) => {
  if (dirty) ev.preventDefault();
});
