// What each rank did when: a band a rank, with its kernels, sends and receives. Every span is looked
// at in every frame; each pixel has the colour of the share of its time that is taken, so that
// nothing that is shorter than a pixel is lost or made up.

const left = 58, ruler = 44;  // pixels: names of ranks, time and phases

function timeline(spans) {
  const {trace} = spans;
  const view = {from: 0, to: trace.end_s, top: 0};
  const band = Math.max(8, Math.min(34, Math.floor(560 / trace.ranks)));
  const shown = Math.min(trace.ranks, Math.floor(640 / band));
  const height = ruler + shown * band;
  const picture = make('canvas', {tabindex: '0', role: 'application', 'aria-label': `Timeline of ${trace.ranks} ranks over ${time(trace.end_s)}, ${count(trace.spans)} spans. Plus and minus zoom, left and right move, up and down choose a rank, N and P go to its next and previous span, 0 shows all.`});
  const marks = make('canvas', {class: 'over', 'aria-hidden': 'true'});
  const frame = make('div', {class: 'timeline', style: `height:${height}px`}, picture, marks);
  let width = 0, rank = -1, current = -1, drawing = false, pixels = null;

  const scale = () => (width - left) / (view.to - view.from);
  const xOf = (seconds) => left + (seconds - view.from) * scale();
  const secondsAt = (x) => view.from + (x - left) / scale();
  // The strips of a band from the top: what was launched, what a device ran of it, sends, receives.
  const strips = trace.devices ? [0, 4, 1, 2] : [0, 1, 2], parts = trace.devices ? [0.34, 0.2, 0.17, 0.17] : band >= 20 ? [0.4, 0.22, 0.22] : [0.42, 0.25, 0.25];
  const heights = [], tops = [];  // by lane
  strips.reduce((top, lane, i) => { tops[lane] = top; heights[lane] = Math.max(i ? 1 : 3, Math.floor(band * parts[i])); return top + heights[lane]; }, 1);

  function clampView() {
    const least = Math.max(trace.end_s * 1e-7, 1e-9), length = Math.min(Math.max(view.to - view.from, least), trace.end_s);
    view.from = Math.min(Math.max(0, view.from), trace.end_s - length);
    view.to = view.from + length;
    view.top = Math.min(Math.max(0, view.top), trace.ranks - shown);
  }
  function later() {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => { drawing = false; draw(); });
  }
  function draw() {
    width = frame.clientWidth;
    if (!width) return;
    const started = performance.now();
    clampView();
    const context = sharp(picture, width, height);
    context.fillStyle = theme.colors.surface;
    context.fillRect(0, 0, width, height);
    drawBands(context);
    drawLabels(context);
    drawRuler(context);
    drawMarks();
    Object.assign(picture.dataset, {from: view.from, to: view.to, spans: spans.length, milliseconds: (performance.now() - started).toFixed(1)});
  }

  /** Colours of a lane by the share of a pixel that is taken, as the bytes of an image. */
  function shades(color) {
    const {colors} = theme;
    return Uint32Array.from({length: 65}, (_, i) => {
      const [r, g, b] = along([colors.row, color], i === 0 ? 0 : 0.12 + 0.88 * i / 64);
      return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
    });
  }
  function drawBands(context) {
    const ratio = devicePixelRatio || 1;
    const wide = Math.max(1, Math.round((width - left) * ratio)), high = Math.round(shown * band * ratio);
    if (!pixels || pixels.width !== wide || pixels.height !== high) pixels = context.createImageData(wide, high);
    const image = new Uint32Array(pixels.data.buffer);
    const {colors} = theme;
    const inks = [colors.compute, colors.send, colors.receive, colors.row, colors.device].map(shades);
    image.fill(shades(colors.surface)[64]);
    const taken = new Float32Array(wide + 1), line = new Uint32Array(wide), perSecond = wide / (view.to - view.from);
    for (let row = 0; row < shown; ++row)
      for (const lane of strips) {
        cover(taken, view.top + row, lane, perSecond, wide);
        for (let x = 0; x < wide; ++x) line[x] = inks[lane][taken[x] >= 1 ? 64 : Math.ceil(taken[x] * 64)];
        const y = Math.round((row * band + tops[lane]) * ratio), end = Math.round((row * band + tops[lane] + heights[lane]) * ratio);
        for (let k = y; k < end; ++k) image.set(line, k * wide);
      }
    context.putImageData(pixels, Math.round(left * ratio), Math.round(ruler * ratio));
  }
  /** The share of each pixel's time that a lane's spans take. */
  function cover(taken, of, lane, perSecond, wide) {
    taken.fill(0);
    const {begin, end} = spans, last = spans.last(of, lane);
    for (let i = spans.after(of, lane, view.from); i < last && begin[i] < view.to; ++i) {
      const a = Math.max(0, (begin[i] - view.from) * perSecond), b = Math.min(wide, (end[i] - view.from) * perSecond);
      if (b <= a) continue;
      const x = a | 0, y = Math.min(b | 0, wide - 1);
      if (x === y) { taken[x] += b - a; continue; }
      taken[x] += x + 1 - a;
      for (let k = x + 1; k < y; ++k) taken[k] = 1;
      taken[y] += b - y;
      if (b - a > 5) taken[y] = Math.min(taken[y], 0.35);  // where it ends
    }
  }
  function drawLabels(context) {
    const {colors} = theme;
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const step = Math.max(1, Math.ceil(13 / band));
    for (let row = 0; row < shown; ++row) {
      const here = view.top + row, y = ruler + row * band;
      if (here % step === 0) {
        context.fillStyle = here === rank ? colors.ink : colors.soft;
        context.textAlign = 'right';
        context.fillText((step === 1 && band >= 13 ? 'rank ' : '') + here, left - 8, y + band / 2);
      }
      if (heights[0] < 11) continue;
      context.textAlign = 'left';
      context.fillStyle = colors.surface;
      for (let i = spans.after(here, 0, view.from); i < spans.last(here, 0) && spans.begin[i] < view.to; ++i) {
        const a = Math.max(left, xOf(spans.begin[i])), b = Math.min(width, xOf(spans.end[i]));
        const name = b - a > 34 ? spans.name(i) : '';
        if (name && context.measureText(name).width < b - a - 8) context.fillText(name, a + 4, y + 1 + heights[0] / 2 + 0.5);
      }
    }
  }
  function drawRuler(context) {
    const {colors} = theme;
    const room = (view.to - view.from) / Math.max(2, (width - left) / 110);
    const power = 10 ** Math.floor(Math.log10(room)), step = [1, 2, 5, 10].find((s) => s * power >= room) * power;
    const places = Math.min(15, Math.max(3, Math.ceil(Math.log10(view.to / step)) + 1));
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    context.font = '11px system-ui, sans-serif';
    for (let k = Math.ceil(view.from / step); k * step <= view.to; ++k) {
      const x = Math.round(xOf(k * step)) + 0.5;
      context.strokeStyle = colors.grid;
      context.beginPath();
      context.moveTo(x, 20);
      context.lineTo(x, height);
      context.globalAlpha = 0.6;
      context.stroke();
      context.globalAlpha = 1;
      context.fillStyle = colors.soft;
      if (x < width - 40) context.fillText(time(k * step, places), x + 4, 28);
    }
    // Phases of rank 0; those that are too narrow to be told apart are one line.
    let free = left;
    for (const [name, detail, begin, end] of trace.phases) {
      if (end < view.from || begin > view.to || name.startsWith('NEGOTIATE')) continue;
      const a = Math.max(left, xOf(begin)), b = Math.min(width, xOf(end));
      context.fillStyle = colors.soft;
      context.globalAlpha = 0.25;
      context.fillRect(a, 14, Math.max(1, b - a - 1), 3);
      context.globalAlpha = 1;
      const label = detail ? detail.replace(/(\d+) B$/, (_, n) => bytes(Number(n))) : name;
      if (a < free || context.measureText(label).width > Math.max(b - a - 2, 0)) continue;
      context.fillStyle = colors.ink;
      context.fillText(label, a, 6);
      free = a + context.measureText(label).width + 10;
    }
  }

  const boxOf = (i) => {
    const row = spans.ranks[i] - view.top, lane = spans.kinds[i];
    if (lane === 3 || row < 0 || row >= shown) return null;
    const a = Math.max(left, xOf(spans.begin[i])), b = Math.min(width, xOf(spans.end[i]));
    return {x: a, y: ruler + row * band + tops[lane], w: Math.max(2, b - a), h: heights[lane]};
  };
  function drawMarks() {
    const context = sharp(marks, width, height);
    context.clearRect(0, 0, width, height);
    const {colors} = theme;
    if (rank >= view.top && rank < view.top + shown) {
      context.fillStyle = colors.ink;
      context.fillRect(left - 4, ruler + (rank - view.top) * band + 1, 2, band - 2);
    }
    const boxes = current < 0 ? [] : [current, spans.partner(current)].map((i) => (i < 0 ? null : boxOf(i)));
    context.strokeStyle = colors.ink;
    context.lineWidth = 1.5;
    for (const box of boxes) if (box) context.strokeRect(box.x - 1, box.y - 1, box.w + 2, box.h + 2);
    const [a, b] = current >= 0 && spans.kinds[current] === 2 ? [boxes[1], boxes[0]] : boxes;
    if (!a || !b) return;
    const from = [a.x, a.y + a.h / 2], to = [b.x + b.w, b.y + b.h / 2];
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
    context.beginPath();
    for (const side of [-0.4, 0.4]) { context.moveTo(...to); context.lineTo(to[0] - 8 * Math.cos(turn + side), to[1] - 8 * Math.sin(turn + side)); }
    context.stroke();
  }

  function zoom(factor, around = (view.from + view.to) / 2) {
    view.from = around - (around - view.from) * factor;
    view.to = around + (view.to - around) * factor;
    later();
  }
  const pan = (share) => { const by = (view.to - view.from) * share; view.from += by; view.to += by; later(); };
  function all() { view.from = 0; view.to = trace.end_s; later(); }

  // ---- the pointer
  function under(event) {
    const box = picture.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top - ruler;
    const row = Math.floor(y / band);
    if (x < left || y < 0 || row >= shown) return -1;
    const within = y - row * band, lane = strips.reduce((found, strip) => (within >= tops[strip] ? strip : found), 0);
    const seconds = secondsAt(x), slack = 2.5 / scale();
    for (const other of [lane, ...strips]) { const i = spans.find(view.top + row, other, seconds, other === lane ? slack : 0); if (i >= 0) return i; }
    return spans.find(view.top + row, 3, seconds, 0);
  }
  let grip = null;
  picture.addEventListener('pointerdown', (event) => { grip = {x: event.clientX, y: event.clientY, from: view.from, top: view.top}; picture.setPointerCapture(event.pointerId); });
  picture.addEventListener('pointerup', () => { grip = null; });
  picture.addEventListener('pointercancel', () => { grip = null; });
  picture.addEventListener('pointermove', (event) => {
    if (grip && event.buttons) {
      const length = view.to - view.from;
      view.from = Math.min(Math.max(0, grip.from - (event.clientX - grip.x) / scale()), trace.end_s - length);
      view.to = view.from + length;
      view.top = Math.round(grip.top - (event.clientY - grip.y) / band);
      hideTip();
      later();
      return;
    }
    current = under(event);
    drawMarks();
    if (current >= 0) showTip(spans.describe(current), event.clientX, event.clientY); else hideTip();
  });
  picture.addEventListener('pointerleave', () => { current = -1; hideTip(); drawMarks(); });
  picture.addEventListener('dblclick', (event) => zoom(0.4, secondsAt(event.clientX - picture.getBoundingClientRect().left)));
  picture.addEventListener('wheel', (event) => {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); pan(event.deltaX / (width - left)); return; }
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== picture) return;  // then the page scrolls
    event.preventDefault();
    zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), secondsAt(event.clientX - picture.getBoundingClientRect().left));
  }, {passive: false});

  // ---- the keyboard
  function step(direction) {
    if (rank < 0) rank = 0;
    const middle = current >= 0 && spans.ranks[current] === rank ? spans.begin[current] : direction > 0 ? view.from : view.to;
    let best = -1;
    for (const lane of strips) for (let i = spans.begins(rank, lane); i < spans.last(rank, lane); ++i) {
      const ahead = direction > 0 ? spans.begin[i] > middle : spans.begin[i] < middle;
      if (ahead && (best < 0 || (direction > 0 ? spans.begin[i] < spans.begin[best] : spans.begin[i] > spans.begin[best]))) best = i;
    }
    if (best < 0) { say('No further span'); return; }
    current = best;
    if (spans.begin[best] < view.from || spans.begin[best] > view.to) { const half = (view.to - view.from) / 2; view.from = spans.begin[best] - half; view.to = view.from + 2 * half; }
    later();
    const lines = spans.describe(best), box = picture.getBoundingClientRect(), at = boxOf(best);
    if (at) showTip(lines, box.left + at.x, box.top + at.y + at.h);
    say(lines.join(', '));
  }
  const keys = {
    '+': () => zoom(0.6), '=': () => zoom(0.6), '-': () => zoom(1 / 0.6), 0: all, Home: all,
    ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2),
    ArrowUp: () => select(-1), ArrowDown: () => select(1), n: () => step(1), p: () => step(-1),
    Escape: () => { current = -1; hideTip(); drawMarks(); },
  };
  function select(by) {
    rank = Math.min(trace.ranks - 1, Math.max(0, rank + by));
    current = -1;
    view.top = Math.min(Math.max(view.top, rank - shown + 1), rank);
    later();
    say('Rank ' + rank);
  }
  picture.addEventListener('keydown', (event) => {
    const act = !event.ctrlKey && !event.metaKey && keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  picture.addEventListener('blur', hideTip);

  onResize(frame, draw);
  const button = (text, label, act) => make('button', {type: 'button', class: 'quiet', 'aria-label': label, onclick: act}, text);
  const legend = make('div', {class: 'legend plain'}, ...[['compute', trace.devices ? 'kernels launched' : 'kernels'], ...(trace.devices ? [['device', 'kernels on the device']] : []), ['send', 'sends'], ['receive', 'receives'], ['row', 'neither: waiting']].map(([color, text]) => make('span', {}, make('i', {'data-color': color}), text)));
  onTheme(() => { for (const mark of legend.querySelectorAll('i')) mark.style.background = theme.colors[mark.dataset.color]; });
  return {
    element: make('div', {}, make('div', {class: 'controls'}, button('+', 'Zoom in', () => zoom(0.5)), button('−', 'Zoom out', () => zoom(2)), button('Whole run', 'Show the whole run', all),
      make('span', {class: 'hint'}, 'Drag to move, Ctrl + wheel or + and − to zoom, point at a span for its figures')), frame, legend),
    draw,
  };
}
