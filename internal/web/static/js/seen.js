/**
 * Tells who has seen a room: once when it comes into view, and when it is left, so that the next visit can say what is
 * new since. Fetching a page changes nothing by itself.
 */
const room = /** @type {HTMLElement|null} */ (document.querySelector('[data-seen]'));

if (room) {
  const url = room.dataset.seen || '';
  let told = false;
  const tell = async () => {
    if (document.hidden) {
      if (told) navigator.sendBeacon(url);
      return;
    }
    if (told) return;
    told = true;
    try {
      told = (await fetch(url, { method: 'POST', headers: { 'HX-Request': 'true' } })).ok;
    } catch {
      told = false;
    }
  };
  document.addEventListener('visibilitychange', tell);
  tell();
}
