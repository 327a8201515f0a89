/**
 * Keys: g then a letter goes to a place, j and k walk a list, a acknowledges, u posts an update, C declares, / searches,
 * ? shows the sheet. They rest while somebody types.
 */
import { openPalette } from './palette.js';

let going = 0;

/** @param {Element} row @param {ParentNode} [root] */
function select(row) {
  document.querySelectorAll('[data-row][aria-selected]').forEach((r) => r.removeAttribute('aria-selected'));
  row.setAttribute('aria-selected', 'true');
  row.scrollIntoView({ block: 'nearest' });
  const link = /** @type {HTMLElement|null} */ (row.querySelector('a[href]'));
  link?.focus({ preventScroll: true });
}

/** @param {number} step */
function walk(step) {
  const rows = [...document.querySelectorAll('[data-row]')];
  if (!rows.length) return;
  const at = rows.findIndex((r) => r.getAttribute('aria-selected') === 'true');
  select(rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))]);
}

/** @param {string} selector */
const press = (selector) => {
  const el = /** @type {HTMLElement|null} */ (document.querySelector(selector));
  el?.click();
  return !!el;
};

/** @param {string} key @returns {boolean} whether the key did something */
function act(key) {
  const sheet = /** @type {HTMLDialogElement|null} */ (document.getElementById('keys'));
  switch (key) {
    case 'g':
      going = Date.now();
      return true;
    case 'j':
      walk(1);
      return true;
    case 'k':
      walk(-1);
      return true;
    case 'a': {
      const chosen = document.querySelector('[data-row][aria-selected="true"]');
      if (chosen) return press('[data-row][aria-selected="true"] [data-ack]');
      return document.querySelectorAll('[data-ack]').length === 1 && press('[data-ack]');
    }
    case 'u':
      return press('[data-key="u"]');
    case 'C':
      if (sheet?.dataset.decl) location.assign(sheet.dataset.decl);
      return !!sheet?.dataset.decl;
    case '/': {
      const field = /** @type {HTMLElement|null} */ (document.querySelector('[data-key="/"]'));
      if (field) field.focus();
      else openPalette();
      return true;
    }
    case '?':
      sheet?.showModal();
      return !!sheet;
  }
  return false;
}

document.addEventListener('keydown', (ev) => {
  if ((ev.ctrlKey || ev.metaKey) && ev.key.toLowerCase() === 'k') {
    ev.preventDefault();
    openPalette();
    return;
  }
  const target = /** @type {HTMLElement} */ (ev.target);
  if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.defaultPrevented) return;
  if (target.matches('input,textarea,select,[contenteditable]')) {
    if (ev.key === 'Escape') target.blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  if (Date.now() - going < 1500) {
    going = 0;
    if (press(`.rail [data-go="${CSS.escape(ev.key.toLowerCase())}"]`)) ev.preventDefault();
    return;
  }
  if (act(ev.key)) ev.preventDefault();
});

document.addEventListener('click', (ev) => {
  const target = /** @type {Element} */ (ev.target);
  if (target.closest('[data-help]')) {
    /** @type {HTMLElement|null} */ (document.querySelector('#you:popover-open'))?.hidePopover();
    /** @type {HTMLDialogElement|null} */ (document.getElementById('keys'))?.showModal();
  }
  if (target.closest('[data-palette]')) {
    if (openPalette()) ev.preventDefault();
  }
});
