/**
 * Forms without leaving the page: the POST's answer is the page that it leads to. If that is this one, its parts are
 * merged; if it is another view of it (the same path, another query), all of it is put in its place; else the browser goes
 * there. A form with data-native goes the browser's own way, and so does a button that asks by GET.
 */
import { merge, mergeInto, ask } from './live.js';
import { enhance } from './enhance.js';

/** Says something at the foot of the page for a while. @param {string} text @param {boolean} bad */
export function toast(text, bad) {
  const host = document.querySelector('[data-part="toast"]') || document.body;
  host.querySelector('.toast')?.remove();
  const box = document.createElement('div');
  box.className = 'toast';
  if (bad) box.setAttribute('role', 'alert');
  const span = document.createElement('span');
  span.textContent = text;
  box.append(span);
  host.append(box);
  setTimeout(() => box.remove(), bad ? 10000 : 5000);
}

/** Empties a form that was sent and shuts the sheet or fold around it. @param {HTMLFormElement} form */
function finish(form) {
  for (const el of form.querySelectorAll('textarea, input:not([type=hidden],[type=radio],[type=checkbox])')) {
    const input = /** @type {HTMLInputElement} */ (el);
    if (!input.closest('[data-keep]')) input.value = input.hasAttribute('data-default') ? input.defaultValue : '';
  }
  const sheet = /** @type {HTMLElement|null} */ (form.closest('[popover]'));
  if (sheet?.matches(':popover-open')) sheet.hidePopover();
  form.closest('details[open]')?.removeAttribute('open');
  form.dispatchEvent(new CustomEvent('muster:sent', { bubbles: true }));
}

/** Where what was said is kept while the browser goes to another page. */
const KEPT = 'muster-toast';

/** Goes to a page; what its answer says, which it says only once, is said there. @param {string} url @param {Document|null} doc */
function go(url, doc) {
  const said = doc?.querySelector('[data-part="toast"] .toast');
  try {
    if (said) sessionStorage.setItem(KEPT, said.outerHTML);
  } catch {
    // without a place to keep it, it is not said
  }
  location.assign(url);
}

/** Says on this page what the form on the page before came to. */
function saidBefore() {
  let html = null;
  try {
    html = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
  } catch {
    return;
  }
  const host = document.querySelector('[data-part="toast"]');
  const said = html && new DOMParser().parseFromString(html, 'text/html').querySelector('.toast');
  if (!said || !host || host.querySelector('.toast')) return;
  host.append(document.importNode(said, true));
  enhance(host);
}

let drawn = ''; // the address of the view that was put in the page's place

/** Puts another view of this page in its place. @param {Document} doc @param {URL} to */
function replaceView(doc, to) {
  const [stage, fresh] = [document.querySelector('.stage'), doc.querySelector('.stage')];
  if (!stage || !fresh) return false;
  stage.replaceWith(document.importNode(fresh, true));
  history.pushState(null, '', to.href);
  drawn = to.pathname + to.search;
  merge(doc, null, true);
  const target = to.hash.length > 1 ? document.getElementById(to.hash.slice(1)) : null;
  target?.scrollIntoView();
  return true;
}
// back to the view before: what is drawn is another
window.addEventListener('popstate', () => {
  if (drawn && drawn !== location.pathname + location.search) location.reload();
});

/** @param {SubmitEvent} ev */
async function submit(ev) {
  const form = /** @type {HTMLFormElement} */ (ev.target);
  const button = /** @type {HTMLButtonElement|null} */ (ev.submitter);
  if (ev.defaultPrevented || form.method !== 'post' || form.hasAttribute('data-native') || button?.hasAttribute('data-native')) return;
  const action = new URL(button?.hasAttribute('formaction') ? button.formAction : form.action, location.href);
  if (action.origin !== location.origin) return;
  ev.preventDefault();
  if (form.getAttribute('aria-busy') === 'true') return;
  form.setAttribute('aria-busy', 'true');
  button?.setAttribute('aria-busy', 'true');
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
    const answer = await fetch(action, { method: 'POST', body, headers: { 'HX-Request': 'true', Accept: 'text/html' } });
    const html = (answer.headers.get('Content-Type') || '').includes('html') ? await answer.text() : '';
    const doc = html ? new DOMParser().parseFromString(html, 'text/html') : null;
    if (answer.ok) {
      const to = new URL(answer.url);
      const elsewhere = to.pathname !== location.pathname;
      if (answer.redirected && (elsewhere || !doc)) {
        go(answer.url, doc);
        return;
      }
      if (answer.redirected && doc && to.search !== location.search) {
        if (!replaceView(doc, to)) go(answer.url, doc);
        return;
      }
      finish(form);
      if (doc?.querySelector('[data-part]')) merge(doc, null, true);
      else ask(['*'], 0);
      return;
    }
    const same = doc && [...doc.forms].find((f) => f.getAttribute('action') === form.getAttribute('action'));
    if (answer.status === 422 && same && doc) {
      mergeInto(form, same);
      merge(doc, null, false);
      const bad = /** @type {HTMLElement|null} */ (document.querySelector('[aria-invalid="true"]'));
      bad?.focus();
      if (!bad) toast(doc.querySelector('.warn.critical span:last-child')?.textContent || 'Not done. Look at the form.', true);
      return;
    }
    toast(doc?.querySelector('#main h1')?.textContent?.trim() || `Not done: Muster answered ${answer.status}.`, true);
  } catch {
    toast('Not sent: Muster cannot be reached. What you wrote is still here.', true);
  } finally {
    form.removeAttribute('aria-busy');
    button?.removeAttribute('aria-busy');
  }
}

document.addEventListener('submit', submit);
saidBefore();
