'use strict';
// The figures, how they are written, colours, and small helpers. Everything below builds on this.

const data = JSON.parse(document.getElementById('data').textContent);
const runs = data.reports.map(({file, report}, index) => ({
  file, report, index,
  name: data.reports.length > 1 ? file : report.environment.name || file,
}));
const several = runs.length > 1;

// ---- elements

/** An element: make('p', {class: 'note'}, 'text', other, …). */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}
const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** A section with its heading, a sentence, and a place in the navigation. */
function section(id, title, sentence) {
  const part = make('section', {id, 'aria-labelledby': id + '-title'},
    make('div', {class: 'heading'}, make('h2', {id: id + '-title'}, title),
      sentence && make('p', {class: 'lede'}, sentence)));
  document.getElementById('main').append(part);
  document.getElementById('sections').append(make('a', {href: '#' + id}, title));
  return part;
}

/** Buttons of which one is pressed; calls back with the key. */
function choice(label, options, chosen, use) {
  const group = make('div', {class: 'choice', role: 'group', 'aria-label': label});
  for (const [key, text] of options) {
    group.append(make('button', {
      type: 'button', 'aria-pressed': String(key === chosen), 'data-key': key,
      onclick: (event) => {
        for (const other of group.children) other.setAttribute('aria-pressed', String(other === event.currentTarget));
        use(key);
      },
    }, text));
  }
  return group;
}

/** What a chart shows, as a table for those who do not see it. */
const behind = (table, summary = 'As a table') =>
  make('details', {class: 'behind'}, make('summary', {}, summary), table);

/** Tells a screen reader. */
const say = (text) => { document.getElementById('spoken').textContent = text; };

// ---- the box beside the pointer

const tip = document.getElementById('tip');
function showTip(lines, x, y) {
  tip.replaceChildren(...lines.map((line, i) => make(i ? 'div' : 'strong', {}, line)));
  tip.hidden = false;
  const {offsetWidth: w, offsetHeight: h} = tip;
  tip.style.left = Math.max(4, x + 14 + w > innerWidth - 4 ? x - w - 12 : x + 14) + 'px';
  tip.style.top = Math.max(4, y + 16 + h > innerHeight - 4 ? y - h - 10 : y + 16) + 'px';
}
const hideTip = () => { tip.hidden = true; };

// ---- numbers

const digits = (value, n = 3) =>
  value === 0 ? '0' : Number(value.toPrecision(n)).toLocaleString('en', {maximumFractionDigits: 12, useGrouping: Math.abs(value) >= 1e4});
function scaled(value, units, n = 3) {
  if (value == null || !isFinite(value)) return '–';
  const size = Math.abs(value);
  const [factor, unit] = units.find(([least]) => size >= least * 0.9995) || units[units.length - 1];
  return digits(value / factor, n) + ' ' + unit;
}
const times = [[3600, 'h'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];
const time = (s, n) => (s === 0 ? '0 s' : scaled(s, s >= 1 && s < 36000 ? [[1, 's']] : times, n));
const bytes = (b) => (b === 0 ? '0 B' : scaled(b, [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [1024, 'KiB'], [1, 'B']]));
const rate = (r) => (r ? scaled(r, [[1e12, 'TB/s'], [1e9, 'GB/s'], [1e6, 'MB/s'], [1e3, 'kB/s'], [1, 'B/s']]) : '–');
const count = (n) => (n == null ? '–' : n.toLocaleString('en'));
const percent = (share, n = 1) => (share == null || !isFinite(share) ? '–' : (100 * share).toFixed(n) + ' %');
const figure = (value) => (value == null || !isFinite(value) ? '–'
  : value === 0 ? '0' : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6 ? digits(value, 4) : value.toExponential(2));
const words = (name) => name.replace(/_/g, ' ');

// ---- colours, for light and dark; they differ in lightness too, so that no hue is needed to tell them apart

const palettes = {
  light: {
    series: ['#0072b2', '#d55e00', '#009e73', '#b3589a', '#c98a00', '#3a9bd9', '#5b5b5b', '#8c4a2f'],
    muted: '#b3b8bd', ink: '#1d2329', soft: '#5b6670', grid: '#e7e5e0', surface: '#ffffff', bound: '#1d2329',
    compute: '#0072b2', communication: '#e08a1e', waiting: '#dcdfe2',
    device: '#7a4fa3', send: '#d55e00', receive: '#009e73', row: '#f4f3f0',
    sequence: ['#eef3f8', '#c3d9ec', '#6baed6', '#2171b5', '#08306b'],
    heat: ['#c9ced3', '#f2c46d', '#e8863a', '#c6401c', '#7a1010'],
  },
  dark: {
    series: ['#56b0f0', '#f58a4a', '#34c9a0', '#e29bcb', '#f0c04f', '#9bd6ff', '#b9bfc5', '#d1957a'],
    muted: '#59616a', ink: '#e8eaec', soft: '#a3acb5', grid: '#2c3238', surface: '#1a1e22', bound: '#e8eaec',
    compute: '#56b0f0', communication: '#f0a64a', waiting: '#3a4148',
    device: '#c9a6ea', send: '#f58a4a', receive: '#34c9a0', row: '#20252a',
    sequence: ['#1f2831', '#1e4a73', '#2f86c4', '#7cc0f0', '#e6f4ff'],
    heat: ['#454d55', '#8f6c2c', '#d88b36', '#f5bb66', '#fff0d0'],
  },
};
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const theme = {chosen: 'auto', colors: palettes.light, listeners: []};
/** Calls now and whenever colours change. */
function onTheme(draw) { theme.listeners.push(draw); draw(); }
function applyTheme() {
  const dark = theme.chosen === 'auto' ? prefersDark.matches : theme.chosen === 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  theme.colors = dark ? palettes.dark : palettes.light;
  const button = document.getElementById('theme');
  const next = {auto: dark ? 'light' : 'dark', light: 'dark', dark: 'light'}[theme.chosen];
  button.textContent = next === 'dark' ? '◐ Dark' : '◑ Light';
  button.setAttribute('aria-label', `Switch to ${next} colours`);
  button.onclick = () => { theme.chosen = next; applyTheme(); };
  for (const draw of theme.listeners) draw();
}
prefersDark.addEventListener('change', () => theme.chosen === 'auto' && applyTheme());

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
/** The colour at 0 ≤ share ≤ 1 of a ramp, as [r, g, b]. */
function along(ramp, share) {
  const place = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const below = Math.min(ramp.length - 2, Math.floor(place));
  const [a, b] = [channels(ramp[below]), channels(ramp[below + 1])];
  return a.map((value, i) => Math.round(value + (b[i] - value) * (place - below)));
}
const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

/** A canvas as sharp as the screen: sets its size in CSS pixels, returns a context in those. */
function sharp(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = width + 'px';
  canvas.style.height = height + 'px';
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
/** Redraws when the width of an element changes. */
function onResize(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (Math.abs(element.clientWidth - width) < 1 || element.clientWidth === 0) return;
    width = element.clientWidth;
    requestAnimationFrame(draw);
  }).observe(element);
}
