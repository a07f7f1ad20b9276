// Who sent how much to whom: a matrix of senders and receivers.

function trafficMatrix(run) {
  const {traffic, traffic_group: group} = run.report;
  const n = 1 + traffic.reduce((most, [from, to]) => Math.max(most, from, to), 0);
  const name = (i) => (group > 1 ? `ranks ${i * group} to ${(i + 1) * group - 1}` : `rank ${i}`);
  const cells = new Map(traffic.map((cell) => [cell[0] * n + cell[1], cell]));
  let measure = 3, cursor = null;
  const canvas = make('canvas', {tabindex: '0', role: 'img', 'aria-label': `Traffic between ${n} ${group > 1 ? 'groups of ranks' : 'ranks'}; arrow keys walk the cells, the table below lists the largest`});
  const legend = make('div', {class: 'ramp'});
  const frame = make('div', {class: 'matrix'}, make('p', {class: 'axis'}, 'from ↓  to →'), canvas, legend);
  let side = 0, margin = 30;
  const text = (value) => (measure === 3 ? bytes(value) : count(value) + (value === 1 ? ' message' : ' messages'));

  function draw() {
    const width = Math.min(frame.clientWidth, 520);
    if (!width) return;
    const {colors} = theme;
    const context = sharp(canvas, width, width);
    side = (width - margin) / n;
    const values = traffic.map((cell) => cell[measure]).filter((v) => v > 0);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const low = Math.min(least, most / 10);  // a few per cent are no contrast
    const share = (value) => 0.12 + 0.88 * Math.log(value / low) / Math.log(most / low);
    context.fillStyle = colors.row;
    context.fillRect(margin, margin, width - margin, width - margin);
    const gap = side > 6 ? 1 : 0;
    for (const cell of traffic) {
      if (!(cell[measure] > 0)) continue;
      context.fillStyle = css(along(colors.sequence, share(cell[measure])));
      context.fillRect(margin + cell[1] * side, margin + cell[0] * side, Math.max(side - gap, 0.7), Math.max(side - gap, 0.7));
    }
    context.fillStyle = colors.soft;
    context.font = '11px system-ui, sans-serif';
    const step = [1, 2, 4, 8, 16, 32, 64, 128].find((s) => s * side >= 22) || 256;
    for (let i = 0; i < n; i += step) {
      context.textAlign = 'center';
      context.fillText(String(i * group), margin + (i + 0.5) * side, margin - 6);
      context.textAlign = 'right';
      context.fillText(String(i * group), margin - 6, margin + (i + 0.5) * side + 4);
    }
    if (cursor) {
      context.strokeStyle = colors.ink;
      context.lineWidth = 1.5;
      context.strokeRect(margin + cursor.to * side - 0.75, margin + cursor.from * side - 0.75, side + 0.5, side + 0.5);
    }
    legend.replaceChildren(
      make('span', {}, values.length ? text(least) : 'none'),
      make('i', {style: `background:linear-gradient(90deg,${[0, 0.25, 0.5, 0.75, 1].map((s) => css(along(colors.sequence, share(least) + s * (1 - share(least))))).join(',')})`}),
      make('span', {}, values.length ? text(most) : ''),
      make('small', {}, 'logarithmic'));
  }
  const describe = ({from, to}) => {
    const cell = cells.get(from * n + to);
    return [`${name(from)} → ${name(to)}`, cell ? `${bytes(cell[3])} in ${count(cell[2])} messages` : 'nothing'];
  };
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const to = Math.floor((event.clientX - box.left - margin) / side), from = Math.floor((event.clientY - box.top - margin) / side);
    return from >= 0 && to >= 0 && from < n && to < n ? {from, to} : null;
  }
  canvas.addEventListener('pointermove', (event) => {
    cursor = place(event);
    draw();
    if (cursor) showTip(describe(cursor), event.clientX, event.clientY); else hideTip();
  });
  canvas.addEventListener('pointerleave', () => { cursor = null; draw(); hideTip(); });
  canvas.addEventListener('keydown', (event) => {
    const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (!move) return;
    event.preventDefault();
    cursor = cursor ? {from: (cursor.from + move[0] + n) % n, to: (cursor.to + move[1] + n) % n} : {from: 0, to: 0};
    draw();
    const box = canvas.getBoundingClientRect();
    const lines = describe(cursor);
    showTip(lines, box.left + margin + cursor.to * side, box.top + margin + cursor.from * side);
    say(lines.join(': '));
  });
  canvas.addEventListener('blur', () => { cursor = null; hideTip(); draw(); });

  const largest = [...traffic].sort((a, b) => b[3] - a[3]).slice(0, 100);
  const table = sortableTable('The pairs that sent most', [
    {title: 'From', value: (c) => c[0], text: (c) => name(c[0])}, {title: 'To', value: (c) => c[1], text: (c) => name(c[1])},
    {title: 'Bytes', number: true, value: (c) => c[3], text: (c) => bytes(c[3])},
    {title: 'Messages', number: true, value: (c) => c[2], text: (c) => count(c[2])}], largest);
  onResize(frame, draw);
  return {
    element: make('div', {},
      make('div', {class: 'controls'}, choice('Shade by', [[3, 'Bytes'], [2, 'Messages']], 3, (key) => { measure = key; draw(); })),
      frame, behind(table, traffic.length > 100 ? 'The 100 largest as a table' : 'As a table')),
    draw,
  };
}
