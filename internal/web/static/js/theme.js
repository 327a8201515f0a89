/** The switch of colours: at once here, and by the form so that the next page knows. */
document.addEventListener(
  'submit',
  (ev) => {
    const form = /** @type {HTMLFormElement} */ (ev.target);
    const button = /** @type {HTMLButtonElement|null} */ (/** @type {SubmitEvent} */ (ev).submitter);
    if (!form.matches('[data-theme-form]') || !button) return;
    ev.preventDefault();
    const root = document.documentElement;
    if (button.value === 'system') root.removeAttribute('data-theme');
    else root.dataset.theme = button.value;
    form.querySelectorAll('button').forEach((b) => b.setAttribute('aria-pressed', String(b === button)));
    fetch(form.action, { method: 'POST', body: new URLSearchParams({ theme: button.value }), headers: { 'HX-Request': 'true' } }).catch(() => {});
  },
  true,
);

/** The wall makes a sound when a new SEV1 fills it. */
const wall = document.querySelector('[data-wall]');
if (wall) {
  let last = wall.querySelector('.st.solid') ? wall.querySelector('.key')?.textContent : '';
  new MutationObserver(() => {
    const key = wall.querySelector('.st.solid') ? wall.querySelector('.mainw .key')?.textContent || '' : '';
    if (key && key !== last) {
      const audio = new AudioContext();
      const tone = audio.createOscillator();
      tone.frequency.value = 660;
      tone.connect(audio.destination);
      tone.start();
      tone.stop(audio.currentTime + 0.5);
    }
    last = key;
  }).observe(wall, { childList: true, subtree: true, characterData: true });
}
