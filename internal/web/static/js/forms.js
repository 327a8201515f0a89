/**
 * Forms without leaving the page: the POST's answer is the page that it leads to; if that is this one, its parts are
 * merged. A form with data-native goes the browser's own way.
 */
import { merge, mergeInto, ask } from './live.js';

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

/** @param {SubmitEvent} ev */
async function submit(ev) {
  const form = /** @type {HTMLFormElement} */ (ev.target);
  const button = /** @type {HTMLButtonElement|null} */ (ev.submitter);
  if (ev.defaultPrevented || form.method !== 'post' || form.hasAttribute('data-native')) return;
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
      // The demo's strip leads to a view of a screen, which is more than its parts.
      const elsewhere = to.pathname !== location.pathname || (form.closest('.guide') && to.search !== location.search);
      if (answer.redirected && (elsewhere || !doc)) {
        location.assign(answer.url);
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
