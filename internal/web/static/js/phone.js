/**
 * The whole script of a page's own screen: it tells that a person looks, after the first press, touch or key that the
 * browser vouches for. Fetching the screen tells nothing, and neither do programs that follow links and run scripts.
 */
const gestures = ['pointerdown', 'touchstart', 'keydown'];

/** @param {Event} e */
const tell = (e) => {
  if (!e.isTrusted) return;
  for (const g of gestures) removeEventListener(g, tell, true);
  fetch(location.pathname.replace(/\/$/, '') + '/seen', { method: 'POST', keepalive: true }).catch(() => {});
};

for (const g of gestures) addEventListener(g, tell, { capture: true, passive: true });
