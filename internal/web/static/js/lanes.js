/**
 * The lanes of a schedule. Without script each block is a link to the time machine, and the forms beside the lanes do the
 * rest. With it: a line about the block that is pointed at, arrow keys over shifts, a drag that fills in the form of an
 * override, and a slider that looks while it moves.
 */
import { merge } from './live.js';

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement|null} */
const find = (selector, root = document) => root.querySelector(selector);

/** How far the viewer's zone is from UTC at an instant, in minutes. @param {number} minutes @param {string} zone */
function offset(minutes, zone) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }).formatToParts(minutes * 60000);
  const get = (/** @type {string} */ t) => Number(parts.find((p) => p.type === t)?.value);
  return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute')) / 60000 - minutes;
}

/** The zone in which the server writes times. */
const zone = () => find('[data-tm]')?.dataset.zone || 'UTC';

/** An instant as a field of the type datetime-local takes it. @param {number} minutes */
function local(minutes) {
  return new Date((minutes + offset(minutes, zone())) * 60000).toISOString().slice(0, 16);
}

/** "Tue 1 Dec 09:00". @param {number} minutes */
function said(minutes) {
  const d = new Date((minutes + offset(minutes, zone())) * 60000);
  const day = d.toLocaleDateString('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');
  return `${day} ${d.toISOString().slice(11, 16)}`;
}

/** @param {number} minutes */
function length(minutes) {
  const h = Math.floor(minutes / 60);
  if (h >= 48) return `${Math.floor(h / 24)} d${h % 24 ? ` ${h % 24} h` : ''}`;
  return `${h ? `${h} h` : ''}${minutes % 60 ? ` ${minutes % 60} min` : ''}`.trim();
}

/** Fills in the form of an override and opens it. @param {{roster: string, role: string, from: number, until: number}} what */
function openOverride(what) {
  const sheet = find('#override') || find('#override-now');
  const form = /** @type {HTMLFormElement|null} */ (sheet?.querySelector('form[data-override]'));
  if (!sheet || !form) return;
  const set = (/** @type {string} */ name, /** @type {string} */ value) => {
    const el = /** @type {HTMLInputElement|null} */ (form.elements.namedItem(name));
    if (el) el.value = value;
  };
  set('roster', what.roster);
  set('role', what.role);
  set('from', local(Math.max(what.from, Math.ceil(Date.now() / 60000))));
  set('to', local(what.until));
  if (sheet.hasAttribute('popover') && !sheet.matches(':popover-open')) sheet.showPopover();
  /** @type {HTMLElement|null} */ (form.querySelector('[name=person]'))?.focus();
}

/** What a block stands for. @param {Element} block */
function stretch(block) {
  const lane = /** @type {HTMLElement|null} */ (block.closest('[data-roster]'));
  const a = /** @type {SVGElement} */ (block);
  const begin = Number(a.ownerSVGElement?.dataset.from) / 60;
  return {
    roster: lane?.dataset.roster || '', role: lane?.dataset.role || '',
    from: begin + Number(a.dataset.f), until: begin + Number(a.dataset.u),
  };
}

/** Says what a block is, in the line under its lanes. @param {Element} block */
function tell(block) {
  const line = find('[data-laneinfo]', /** @type {Element} */ (block.closest('.sched, .cmp')) || document);
  const text = block.querySelector('title')?.textContent || '';
  if (!line || line.dataset.says === text) return;
  line.dataset.says = text;
  const who = document.createElement('b');
  const at = text.indexOf(',');
  who.textContent = text.slice(0, at);
  line.replaceChildren(who, text.slice(at));
  line.hidden = false;
  const what = stretch(block);
  if (what.roster && find('form[data-override]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn sm';
    button.textContent = 'Override this';
    button.addEventListener('click', () => openOverride(what));
    line.append(button);
  }
}

/** Goes to a block beside this one. @param {Element} from @param {string} key */
function walk(from, key) {
  const lane = from.closest('.lane');
  if (!lane) return false;
  const list = [...lane.querySelectorAll('.k')];
  const i = list.indexOf(from);
  /** @type {Element|undefined} */
  let to;
  if (key === 'ArrowRight') to = list[i + 1];
  else if (key === 'ArrowLeft') to = list[i - 1];
  else if (key === 'Home') to = list[0];
  else if (key === 'End') to = list.at(-1);
  else {
    const lanes = [...document.querySelectorAll('.lane')].filter((l) => l.querySelector('.k'));
    const next = lanes[lanes.indexOf(lane) + (key === 'ArrowDown' ? 1 : -1)];
    const mid = (stretch(from).from + stretch(from).until) / 2;
    to = next && [...next.querySelectorAll('.k')].reduce((best, b) => {
      const away = (/** @type {Element} */ x) => Math.abs((stretch(x).from + stretch(x).until) / 2 - mid);
      return away(b) < away(best) ? b : best;
    });
  }
  if (!to) return false;
  from.setAttribute('tabindex', '-1');
  to.setAttribute('tabindex', '0');
  /** @type {SVGElement} */ (to).focus();
  to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return true;
}

document.addEventListener('keydown', (ev) => {
  const block = ev.target instanceof Element ? ev.target.closest('.lanes .k') : null;
  if (!block || ev.ctrlKey || ev.metaKey || ev.altKey) return;
  if (/^Arrow|^Home$|^End$/.test(ev.key)) {
    if (walk(block, ev.key)) ev.preventDefault();
  } else if (ev.key === 'o' || ev.key === ' ') {
    const what = stretch(block);
    if (what.roster) {
      ev.preventDefault();
      openOverride(what);
    }
  }
});
document.addEventListener('focusin', (ev) => {
  const block = ev.target instanceof Element ? ev.target.closest('.lanes .k') : null;
  if (block) tell(block);
});
document.addEventListener('pointerover', (ev) => {
  const block = ev.target instanceof Element ? ev.target.closest('.lanes .k') : null;
  if (block && ev.pointerType !== 'touch') tell(block);
});

/* Dragging: with a mouse at once, with a finger after a moment's press, so that the lanes still scroll. */

/** @type {{svg: SVGSVGElement, lane: HTMLElement, id: number, x: number, a: number, b: number, on: boolean, timer: number}|null} */
let drag = null;
let dragged = false;

/** The minute under a pointer, rounded as the zoom asks. @param {SVGSVGElement} svg @param {number} clientX */
function minuteAt(svg, clientX) {
  const box = svg.getBoundingClientRect();
  const from = Number(svg.dataset.from) / 60;
  const to = Number(svg.dataset.to) / 60;
  const snap = Number(svg.dataset.snap) || 30;
  const at = from + (Math.min(box.width, Math.max(0, clientX - box.left)) / box.width) * (to - from);
  const shift = offset(Math.round(at), zone());
  return Math.round((at + shift) / snap) * snap - shift;
}

function clear() {
  document.querySelectorAll('.lanes .seln').forEach((g) => g.remove());
  if (drag) {
    clearTimeout(drag.timer);
    drag.svg.removeAttribute('data-dragging');
  }
  drag = null;
}

/** @param {string} name @param {Record<string, string>} attrs */
function svgEl(name, attrs) {
  const el = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [k, v] of Object.entries(attrs)) el.setAttribute(k, v);
  return el;
}

function draw() {
  if (!drag) return;
  const { svg, lane } = drag;
  const [a, b] = [Math.min(drag.a, drag.b), Math.max(drag.a, drag.b)];
  const hit = /** @type {SVGRectElement} */ (lane.querySelector('.hit'));
  const from = Number(svg.dataset.from) / 60;
  const width = svg.viewBox.baseVal.width;
  const unit = width / (Number(svg.dataset.to) / 60 - from);
  const y = Number(hit.getAttribute('y'));
  const h = Number(hit.getAttribute('height'));
  const x = (a - from) * unit;
  const w = Math.max(2, (b - a) * unit);
  const text = `${said(a)} – ${said(b)} · ${length(b - a)}`;
  const wide = text.length * 6.8 + 16;
  const at = Math.min(width - wide / 2, Math.max(wide / 2, x + w / 2));
  const below = y + h + 2;
  svg.querySelector('.seln')?.remove();
  const g = svgEl('g', { class: 'seln' });
  const label = svgEl('text', { class: 'selt', x: String(at), y: String(below + 16) });
  label.textContent = text;
  g.append(
    svgEl('rect', { class: 'sel', x: String(x), y: String(y + 2), width: String(w), height: String(h - 4) }),
    svgEl('rect', { class: 'selb', x: String(at - wide / 2), y: String(below), width: String(wide), height: '24' }),
    label,
  );
  svg.append(g);
}

document.addEventListener('pointerdown', (ev) => {
  const lane = ev.target instanceof Element ? /** @type {HTMLElement|null} */ (ev.target.closest('.lane.drag')) : null;
  const svg = /** @type {SVGSVGElement|null} */ (lane?.closest('svg') || null);
  if (!lane || !svg || ev.button !== 0 || !find('form[data-override]')) return;
  clear();
  dragged = false;
  const at = minuteAt(svg, ev.clientX);
  const started = { svg, lane, id: ev.pointerId, x: ev.clientX, a: at, b: at, on: false, timer: 0 };
  drag = started;
  if (ev.pointerType === 'touch') {
    started.timer = setTimeout(() => {
      if (drag !== started) return;
      started.on = true;
      svg.setAttribute('data-dragging', '');
      navigator.vibrate?.(15);
      draw();
    }, 350);
  } else {
    ev.preventDefault(); // no text selection, and no drag of the link
    /** @type {SVGElement|null} */ (/** @type {Element} */ (ev.target).closest('.k'))?.focus();
  }
});
document.addEventListener('pointermove', (ev) => {
  if (!drag || ev.pointerId !== drag.id) return;
  if (!drag.on) {
    if (Math.abs(ev.clientX - drag.x) < 6) return;
    if (ev.pointerType === 'touch') {
      clear(); // a finger that moves at once scrolls
      return;
    }
    drag.on = true;
    drag.svg.setAttribute('data-dragging', '');
  }
  drag.b = minuteAt(drag.svg, ev.clientX);
  draw();
});
document.addEventListener('pointerup', (ev) => {
  if (!drag || ev.pointerId !== drag.id) return;
  const { lane, on } = drag;
  const [from, until] = [Math.min(drag.a, drag.b), Math.max(drag.a, drag.b)];
  clear();
  if (!on) return;
  dragged = true;
  setTimeout(() => (dragged = false), 400);
  // later: whatever is open when a press ends beside it is shut by the browser
  if (until > from) setTimeout(() => openOverride({ roster: lane.dataset.roster || '', role: lane.dataset.role || '', from, until }), 30);
});
document.addEventListener('pointercancel', clear);
document.addEventListener('touchmove', (ev) => {
  if (drag?.on) ev.preventDefault();
}, { passive: false });
document.addEventListener('contextmenu', (ev) => {
  if (drag?.on) ev.preventDefault(); // a long press
});
document.addEventListener('keydown', (ev) => {
  if (ev.key === 'Escape' && drag) clear();
});
document.addEventListener('click', (ev) => {
  if (dragged && ev.target instanceof Element && ev.target.closest('.lanes')) {
    ev.preventDefault();
    dragged = false;
  }
}, true);

/* The time machine: the line moves with the slider; who is on call follows when it rests. */

let looking = 0;
/** @type {AbortController|null} */
let asked = null;

/** @param {HTMLFormElement} form */
async function look(form) {
  asked?.abort();
  asked = new AbortController();
  const q = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  q.delete('slide');
  q.delete('by');
  const url = `${form.getAttribute('action')}?${q}`;
  try {
    const answer = await fetch(url, { headers: { 'HX-Request': 'true', Accept: 'text/html' }, signal: asked.signal });
    if (!answer.ok) return;
    history.replaceState(null, '', url);
    merge(new DOMParser().parseFromString(await answer.text(), 'text/html'), new Set(['moment']), true);
  } catch {
    // another look began, or the network is away: the line still says where it stands
  }
}

document.addEventListener('input', (ev) => {
  const input = /** @type {HTMLInputElement} */ (ev.target);
  const form = /** @type {HTMLFormElement|null} */ (input.closest?.('form[data-tm]'));
  if (!form || input.name !== 'slide') return;
  const minutes = Date.parse(form.dataset.tm || '') / 60000 + (Number(input.value) * Number(form.dataset.step)) / 60;
  const at = /** @type {HTMLInputElement} */ (form.elements.namedItem('at'));
  at.value = local(minutes);
  input.setAttribute('aria-valuetext', said(minutes));
  document.querySelectorAll('svg.grid').forEach((el) => {
    const svg = /** @type {SVGSVGElement} */ (el);
    const line = svg.querySelector('[data-atl]');
    const from = Number(svg.dataset.from) / 60;
    const x = ((minutes - from) / (Number(svg.dataset.to) / 60 - from)) * svg.viewBox.baseVal.width;
    line?.removeAttribute('hidden');
    line?.setAttribute('transform', `translate(${Math.max(0, x).toFixed(1)})`);
  });
  clearTimeout(looking);
  looking = setTimeout(() => look(form), 160);
});
