/**
 * “Add this browser”: asks whether notifications may be shown, subscribes to the push service of the browser, and sends the
 * subscription in as a contact method. On an iPhone or iPad that is possible from the home screen only, and is explained.
 */

/** An iPhone or iPad on which Muster is open in the browser, not from the home screen. */
function mustInstall() {
  const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Macintosh') && navigator.maxTouchPoints > 1);
  const installed = /** @type {any} */ (navigator).standalone === true || matchMedia('(display-mode: standalone)').matches;
  return apple && !installed;
}

/** Shows the part that fits this browser. @param {ParentNode} root */
export function offerPush(root) {
  root.querySelectorAll('[data-push]').forEach((el) => {
    const box = /** @type {HTMLElement} */ (el);
    let state = 'ready';
    if (mustInstall()) state = 'ios';
    else if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) state = window.isSecureContext ? 'none' : 'insecure';
    else if (Notification.permission === 'denied') state = 'denied';
    box.querySelectorAll('[data-push-when]').forEach((part) => {
      /** @type {HTMLElement} */ (part).hidden = part.getAttribute('data-push-when') !== state;
    });
    const name = /** @type {HTMLInputElement|null} */ (box.querySelector('input[name=name]'));
    if (name && !name.value) name.value = guess();
  });
}

/** A name for this browser. */
function guess() {
  const ua = navigator.userAgent;
  const on = /iPhone/.test(ua) ? 'iphone' : /iPad/.test(ua) ? 'ipad' : /Android/.test(ua) ? 'android' : /Mac/.test(ua) ? 'mac' : /Windows/.test(ua) ? 'windows' : 'linux';
  const by = /Firefox/.test(ua) ? 'firefox' : /Edg\//.test(ua) ? 'edge' : /Chrome/.test(ua) ? 'chrome' : 'safari';
  return by + '-' + on;
}

/** @param {string} text in base64url */
function bytes(text) {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

/** @param {string} key @returns {Promise<PushSubscription>} */
async function subscribe(key) {
  await navigator.serviceWorker.register('/sw.js', { scope: '/' });
  const worker = await navigator.serviceWorker.ready;
  const want = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await worker.pushManager.subscribe(want);
  } catch (err) {
    const old = await worker.pushManager.getSubscription(); // with the key of another installation
    if (!old) throw err;
    await old.unsubscribe();
    return worker.pushManager.subscribe(want);
  }
}

document.addEventListener('submit', async (ev) => {
  const form = /** @type {HTMLFormElement} */ (ev.target);
  const address = /** @type {HTMLInputElement|null} */ (form.querySelector('input[data-push-address]'));
  if (!address || address.value) return;
  ev.preventDefault();
  ev.stopPropagation();
  const says = /** @type {HTMLElement} */ (form.querySelector('[data-push-says]'));
  says.textContent = 'The browser asks you now …';
  try {
    if ((await Notification.requestPermission()) !== 'granted') {
      says.textContent = 'The browser does not allow notifications of this site. Change that in its settings, then try again.';
      return;
    }
    says.textContent = 'Subscribing …';
    address.value = JSON.stringify(await subscribe(form.dataset.key || ''));
    says.textContent = '';
    form.requestSubmit();
  } catch (err) {
    says.textContent = 'This did not work: ' + (err instanceof Error ? err.message : 'the push service of the browser cannot be reached') + '.';
  }
}, true);
