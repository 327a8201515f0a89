/**
 * Ctrl-K: places and actions at once, and whatever the server finds for the words. The server answers
 * [{"text","hint","url"}].
 */

/** @typedef {{text: string, hint?: string, url: string}} Hit */

/** @type {HTMLDialogElement|null} */
let dialog = null;

/** The places of the rail and the declare page. @returns {Hit[]} */
function fixed() {
  const hits = [...document.querySelectorAll('.rail [data-go]')].map((a) => ({
    text: (a.textContent || '').trim(),
    hint: `g ${a.getAttribute('data-go')}`,
    url: a.getAttribute('href') || '',
  }));
  const declare = document.getElementById('keys')?.dataset.decl;
  if (declare) hits.push({ text: 'Declare incident', hint: 'C', url: declare });
  return hits;
}

/** @param {HTMLElement} list @param {Hit[]} hits */
function show(list, hits) {
  list.replaceChildren(
    ...hits.slice(0, 40).map((hit, i) => {
      const li = document.createElement('li');
      li.setAttribute('role', 'option');
      li.setAttribute('aria-selected', String(i === 0));
      li.dataset.url = hit.url;
      const text = document.createElement('span');
      text.textContent = hit.text;
      const hint = document.createElement('span');
      hint.className = 'hint';
      hint.textContent = hit.hint || '';
      li.append(text, hint);
      return li;
    }),
  );
}

/** @returns {HTMLDialogElement} */
function build() {
  const d = document.createElement('dialog');
  d.className = 'sheet palette';
  d.setAttribute('aria-label', 'Search or jump');
  const input = document.createElement('input');
  input.type = 'text';
  input.enterKeyHint = 'go';
  input.placeholder = 'Search or jump';
  input.setAttribute('aria-label', 'Search or jump');
  input.autocomplete = 'off';
  const list = document.createElement('ul');
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Hits');
  d.append(input, list);
  document.body.append(d);

  let asked = 0;
  let timer = 0;
  const look = () => {
    const q = input.value.trim();
    const low = q.toLowerCase();
    const near = fixed().filter((h) => h.text.toLowerCase().includes(low));
    show(list, near);
    const url = document.getElementById('keys')?.dataset.q;
    clearTimeout(timer);
    if (!url || !q) return;
    const mine = ++asked;
    timer = setTimeout(async () => {
      const answer = await fetch(`${url}${url.includes('?') ? '&' : '?'}q=${encodeURIComponent(q)}`, { headers: { Accept: 'application/json' } });
      if (answer.ok && mine === asked) show(list, [...near, ...(await answer.json())]);
    }, 120);
  };
  const go = (/** @type {Element|null} */ li) => {
    const url = /** @type {HTMLElement|null} */ (li)?.dataset.url;
    if (url) location.assign(url);
  };
  input.addEventListener('input', look);
  list.addEventListener('click', (ev) => go(/** @type {Element} */ (ev.target).closest('li')));
  d.addEventListener('click', (ev) => {
    if (ev.target === d) d.close();
  });
  d.addEventListener('keydown', (ev) => {
    const all = [...list.children];
    const at = all.findIndex((o) => o.getAttribute('aria-selected') === 'true');
    if (ev.key === 'ArrowDown' || ev.key === 'ArrowUp') {
      ev.preventDefault();
      all[at]?.setAttribute('aria-selected', 'false');
      const next = all[(at + (ev.key === 'ArrowDown' ? 1 : -1) + all.length) % all.length];
      next?.setAttribute('aria-selected', 'true');
      next?.scrollIntoView({ block: 'nearest' });
    } else if (ev.key === 'Enter') {
      ev.preventDefault();
      go(all[at] || null);
    }
  });
  d.addEventListener('muster:show', () => {
    input.value = '';
    look();
  });
  return d;
}

/** Opens the palette. @returns {boolean} whether this page has one */
export function openPalette() {
  if (!document.getElementById('keys')) return false;
  dialog ||= build();
  if (!dialog.open) {
    dialog.dispatchEvent(new Event('muster:show'));
    dialog.showModal();
  }
  return true;
}
