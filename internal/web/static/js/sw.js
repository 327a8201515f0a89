/**
 * The service worker. It does two things: it shows what is pushed, and tells that it came; and it does what the buttons of
 * a notification say. It keeps nothing and stands between no page and the server.
 */
const worker = /** @type {any} */ (self);

/** Only this installation is talked to, whatever a message says. @param {string} url */
const here = (url) => {
  try {
    const u = new URL(url, worker.location.origin);
    return u.pathname + u.search;
  } catch {
    return '/';
  }
};

/** Tells what came of a page. @param {any} m @param {string} answer @returns {Promise<string>} */
async function tell(m, answer) {
  const r = await fetch(here(m.answer), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ answer }),
    credentials: 'omit',
    keepalive: true,
  });
  if (!r.ok) throw new Error(String(r.status));
  return (await r.json()).text || '';
}

/** Tells that a page came, three times at most: without it the next contact method goes. @param {any} m */
async function received(m) {
  if (!m.answer) return;
  for (const wait of [0, 2000, 6000]) {
    if (wait) await new Promise((done) => setTimeout(done, wait));
    try {
      await tell(m, 'received');
      return;
    } catch {
      // no network for a moment
    }
  }
}

/** @param {any} m */
const words = (m) => [m.text, m.why].filter(Boolean).join('\n');

/** Shows a message in the place of the one before it with the same tag. @param {any} m @param {object} more */
const show = (m, more) =>
  worker.registration.showNotification(m.service && m.kind === 'page' ? `${m.service}: ${m.title}` : m.title || 'Muster', {
    body: words(m),
    tag: m.tag || 'muster',
    data: m,
    timestamp: m.at || Date.now(),
    icon: '/icon192.png',
    ...more,
  });

worker.addEventListener('push', (/** @type {any} */ ev) => {
  let m = /** @type {any} */ ({ kind: 'note', title: 'Muster', text: 'Open Muster to see more.' });
  try {
    m = ev.data.json();
  } catch {
    // a message without words is shown all the same: browsers ask for that
  }
  const actions = [];
  if (m.kind === 'page' && m.answer) actions.push({ action: 'acknowledge', title: 'Acknowledge' });
  if (m.kind === 'test') actions.push({ action: 'prove', title: 'It arrived' });
  if (m.open) actions.push({ action: 'open', title: 'Open' });
  ev.waitUntil(Promise.all([show(m, { actions, renotify: true, requireInteraction: !!m.urgent }), received(m)]));
});

/** Opens a page of Muster: a window that is there already, or a new one. @param {any} m */
async function open(m) {
  const to = here(m.open || '/');
  for (const w of await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })) {
    if (new URL(w.url).pathname === to.split('?')[0]) return w.focus();
  }
  return worker.clients.openWindow(to);
}

/** What a button does. The page is opened when it cannot be done here. @param {any} m @param {string} action */
async function act(m, action) {
  try {
    let text = 'Verified: Muster reaches you here.';
    if (action === 'acknowledge') text = (await tell(m, 'acknowledge')) || 'Acknowledged.';
    else if (!(await fetch(here(m.open) + '/prove', { method: 'POST' })).ok) throw new Error('refused');
    await show({ ...m, kind: 'note', title: text, text: m.title, why: '', urgent: false }, { silent: true });
  } catch {
    await show({ ...m, why: 'This did not work from here. Touch to open the page and use its button.' }, { renotify: true, requireInteraction: true });
    await open(m).catch(() => {});
  }
}

worker.addEventListener('notificationclick', (/** @type {any} */ ev) => {
  const m = ev.notification.data || {};
  if (ev.action === 'acknowledge' || ev.action === 'prove') {
    ev.waitUntil(act(m, ev.action));
    return;
  }
  ev.notification.close();
  ev.waitUntil(open(m));
});

worker.addEventListener('install', () => worker.skipWaiting());
