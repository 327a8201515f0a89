/**
 * The editor of rosters, and of mappings, which follows what is typed alike. Without script its buttons send the whole form and get it back changed. With it they do so
 * without leaving the page, the preview follows each change, and people are put in order by dragging.
 */
import { enhance } from './enhance.js';
import { toast } from './forms.js';

/** The parts of the page that follow what is typed. */
const follows = () => (form()?.dataset.parts || 'preview').split(' ');

const form = () => /** @type {HTMLFormElement|null} */ (document.querySelector('form[data-roster-form]'));

let waiting = 0;
/** @type {AbortController|null} */
let asked = null;

/** Where the focus is, to find the place again in a form that was drawn anew. @returns {() => void} */
function remember() {
  const el = /** @type {HTMLElement|null} */ (document.activeElement);
  const name = el?.getAttribute('name');
  if (!el || !name || !form()?.contains(el)) return () => {};
  const value = el.matches('button') ? el.getAttribute('value') : null;
  const alike = () => [...(form()?.querySelectorAll(`[name="${CSS.escape(name)}"]`) || [])].filter((x) => value === null || x.getAttribute('value') === value);
  const i = alike().indexOf(el);
  return () => {
    const list = /** @type {HTMLElement[]} */ (alike());
    (list[i] || list.at(-1))?.focus({ preventScroll: true });
  };
}

/** Takes parts of the answer into the page. @param {Document} doc @param {string[]} parts */
function take(doc, parts) {
  const back = remember();
  for (const name of parts) {
    const fresh = doc.querySelector(`[data-part="${name}"]`);
    const old = document.querySelector(`[data-part="${name}"]`);
    if (fresh && old) old.replaceWith(document.importNode(fresh, true));
  }
  enhance(document);
  back();
}

/**
 * Sends the form and takes what changed.
 * @param {string} act the button's value
 * @param {string[]} parts
 */
async function send(act, parts) {
  const f = form();
  if (!f) return;
  clearTimeout(waiting);
  asked?.abort();
  asked = new AbortController();
  const body = new URLSearchParams(/** @type {any} */ (new FormData(f)));
  body.set('do', act);
  document.querySelector('.rprev')?.setAttribute('aria-busy', 'true');
  try {
    const to = f.getAttribute('action') || ''; // f.action is the field of that name, when there is one
    const answer = await fetch(to, { method: 'POST', body, headers: { 'HX-Request': 'true', Accept: 'text/html' }, signal: asked.signal });
    const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!doc.querySelector('form[data-roster-form]')) {
      toast(doc.querySelector('#main h1')?.textContent?.trim() || `Not done: Muster answered ${answer.status}.`, true);
      return;
    }
    take(doc, parts);
    const more = document.querySelector('[data-replay-more]');
    if (more && act === 'replay') send('replay', ['preview']);
  } catch (err) {
    if (!(err instanceof DOMException && err.name === 'AbortError')) toast('Not shown: Muster cannot be reached. What you wrote is still here.', true);
  } finally {
    document.querySelector('.rprev')?.removeAttribute('aria-busy');
  }
}

document.addEventListener('submit', (ev) => {
  const button = /** @type {HTMLButtonElement|null} */ (ev.submitter);
  if (ev.target !== form() || !button || button.name !== 'do' || button.value === 'save' || button.value === 'propose') return;
  ev.preventDefault();
  send(button.value, button.value === 'replay' ? ['preview'] : ['editor', 'preview']);
});

/** Adds an empty row when the last one was filled in. @param {Element} row */
function another(row) {
  const list = row.parentElement;
  const key = list?.getAttribute('data-people');
  const blank = /** @type {HTMLTemplateElement|null} */ (document.getElementById('person-row'));
  if (!list || !key || !blank || row !== list.lastElementChild) return;
  const fresh = /** @type {DocumentFragment} */ (document.importNode(blank.content, true));
  fresh.querySelectorAll('[name^="KEY."]').forEach((el) => el.setAttribute('name', el.getAttribute('name')?.replace('KEY', key) || ''));
  row.classList.remove('blank');
  list.append(fresh);
}

const changed = (/** @type {Event} */ ev) => {
  const el = /** @type {Element} */ (ev.target);
  if (!form()?.contains(el) || /^(add\.|why$|accept$|rp\.)/.test(el.getAttribute('name') || '')) return;
  const row = el.closest('[data-prow]');
  if (row && ev.type === 'change' && el.matches('select') && /** @type {HTMLSelectElement} */ (el).value) another(row);
  clearTimeout(waiting);
  waiting = setTimeout(() => send('preview', follows()), 500);
};
document.addEventListener('input', changed);
document.addEventListener('change', changed);

/* Order by dragging a row's handle; the buttons beside it do the same. */

/** @type {{row: HTMLElement, id: number}|null} */
let held = null;

document.addEventListener('pointerdown', (ev) => {
  const row = ev.target instanceof Element ? /** @type {HTMLElement|null} */ (ev.target.closest('[data-grip]')?.closest('[data-prow]') || null) : null;
  if (!row || row.classList.contains('blank')) return;
  ev.preventDefault();
  held = { row, id: ev.pointerId };
  row.classList.add('held');
});
document.addEventListener('pointermove', (ev) => {
  if (!held || ev.pointerId !== held.id) return;
  const { row } = held;
  for (const other of /** @type {Iterable<HTMLElement>} */ (row.parentElement?.children || [])) {
    if (other === row || other.classList.contains('blank')) continue;
    const box = other.getBoundingClientRect();
    if (ev.clientY > box.top && ev.clientY < box.bottom) {
      const after = ev.clientY > box.top + box.height / 2;
      if (after ? other.nextElementSibling !== row : other.previousElementSibling !== row) other[after ? 'after' : 'before'](row);
      break;
    }
  }
});
const drop = () => {
  if (!held) return;
  held.row.classList.remove('held');
  held = null;
  send('preview', ['editor', 'preview']);
};
document.addEventListener('pointerup', drop);
document.addEventListener('pointercancel', drop);
