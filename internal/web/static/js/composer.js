/**
 * The composer of a room: Enter sends, Shift-Enter breaks the line, Alt 1 to 5 choose the kind, "/" offers commands.
 * What is written and not sent survives a reload.
 */

const form = /** @type {HTMLFormElement|null} */ (document.querySelector('[data-composer]'));
const area = form?.querySelector('textarea');

if (form && area) {
  const list = /** @type {HTMLElement|null} */ (form.querySelector('.cmds'));
  const key = `draft:${location.pathname}`;
  area.value ||= sessionStorage.getItem(key) || '';

  const options = () => [...(list?.querySelectorAll('[data-word]') || [])].filter((o) => !(/** @type {HTMLElement} */ (o).hidden));

  /** @param {number} step */
  const move = (step) => {
    const all = options();
    const at = all.findIndex((o) => o.getAttribute('aria-selected') === 'true');
    all.forEach((o) => o.removeAttribute('aria-selected'));
    all[(at + step + all.length) % all.length]?.setAttribute('aria-selected', 'true');
  };

  const offer = () => {
    if (!list) return;
    const m = /^\/(\S*)$/.exec(area.value);
    for (const o of list.querySelectorAll('[data-word]')) {
      /** @type {HTMLElement} */ (o).hidden = !m || !(o.getAttribute('data-word') || '').startsWith(m[1]);
      o.removeAttribute('aria-selected');
    }
    const left = options();
    list.hidden = !m || !left.length;
    left[0]?.setAttribute('aria-selected', 'true');
  };

  /** @param {Element|undefined} option */
  const take = (option) => {
    if (!option || !list) return;
    area.value = `/${option.getAttribute('data-word')} `;
    list.hidden = true;
    area.focus();
  };

  area.addEventListener('input', () => {
    sessionStorage.setItem(key, area.value);
    offer();
  });
  form.addEventListener('muster:sent', () => {
    sessionStorage.removeItem(key);
    if (list) list.hidden = true;
    document.querySelector('#entries > :last-child')?.scrollIntoView({ block: 'nearest' });
    area.focus();
  });
  list?.addEventListener('click', (ev) => take(/** @type {Element} */ (ev.target).closest('[data-word]') || undefined));

  area.addEventListener('keydown', (ev) => {
    const open = list && !list.hidden;
    if (open && (ev.key === 'ArrowDown' || ev.key === 'ArrowUp')) {
      ev.preventDefault();
      move(ev.key === 'ArrowDown' ? 1 : -1);
    } else if (open && (ev.key === 'Tab' || ev.key === 'Enter')) {
      ev.preventDefault();
      take(options().find((o) => o.getAttribute('aria-selected') === 'true'));
    } else if (open && ev.key === 'Escape') {
      list.hidden = true;
    } else if (ev.key === 'Enter' && !ev.shiftKey && !ev.isComposing) {
      ev.preventDefault();
      if (area.value.trim()) form.requestSubmit();
    }
  });

  document.addEventListener('keydown', (ev) => {
    if (!ev.altKey || ev.ctrlKey || ev.metaKey || !/^Digit[1-5]$/.test(ev.code)) return;
    const radio = /** @type {HTMLInputElement|undefined} */ (form.querySelectorAll('input[name=kind]')[Number(ev.code[5]) - 1]);
    if (radio) {
      ev.preventDefault();
      radio.checked = true;
      area.focus();
    }
  });
}
