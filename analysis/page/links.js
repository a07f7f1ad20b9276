// The links that carried most, over time: a row a link, shaded by the share of its bandwidth in use.

function linksOverTime(trace) {
  const rows = trace.links.map(({name, levels}) => ({name, shares: [...levels].map((c) => (c.charCodeAt(0) - 48) / 64)}));
  for (const row of rows) {
    row.mean = row.shares.reduce((sum, share) => sum + share, 0) / row.shares.length;
    row.most = Math.max(...row.shares);
  }
  const parts = rows[0].shares.length, height = 14;
  let cursor = null, margin = 0, width = 0;
  const canvas = make('canvas', {tabindex: '0', role: 'img', 'aria-label': `Use of ${rows.length} links over time; arrow keys walk links and time, the table below has means and peaks`});
  const legend = make('div', {class: 'ramp'});
  const frame = make('div', {class: 'over-time'}, canvas, legend);

  function draw() {
    width = frame.clientWidth;
    if (!width) return;
    margin = Math.min(190, Math.round(width / 3));
    const {colors} = theme, room = width - margin;
    const context = sharp(canvas, width, rows.length * height + 18);
    context.font = '11px system-ui, sans-serif';
    rows.forEach((row, r) => {
      context.fillStyle = colors.row;
      context.fillRect(margin, r * height, room, height - 1);
      row.shares.forEach((share, part) => {
        if (!(share > 0)) return;
        context.fillStyle = css(along(colors.sequence, 0.1 + 0.9 * share));
        context.fillRect(margin + part * room / parts, r * height, room / parts + 0.5, height - 1);
      });
      context.fillStyle = colors.surface;
      context.fillRect(0, r * height, margin, height);
      context.fillStyle = colors.soft;
      let name = row.name;
      while (name.length > 4 && context.measureText(name).width > margin - 8) name = '…' + name.slice(2);
      context.textAlign = 'right';
      context.fillText(name, margin - 6, r * height + 10);
    });
    context.fillStyle = colors.soft;
    for (const [share, align] of [[0, 'left'], [0.5, 'center'], [1, 'right']]) {
      context.textAlign = align;
      context.fillText(time(share * trace.end_s), margin + share * room, rows.length * height + 13);
    }
    if (cursor) {
      context.strokeStyle = colors.ink;
      context.lineWidth = 1.5;
      context.strokeRect(margin + cursor.part * room / parts - 1, cursor.row * height, Math.max(3, room / parts), height - 1);
    }
    legend.replaceChildren(make('span', {}, '0 %'),
      make('i', {style: `background:linear-gradient(90deg,${[0.1, 0.4, 0.7, 1].map((s) => css(along(colors.sequence, s))).join(',')})`}),
      make('span', {}, '100 % of the bandwidth'));
  }
  const describe = ({row, part}) => [rows[row].name, `${percent(rows[row].shares[part], 0)} of its bandwidth at ${time((part + 0.5) / parts * trace.end_s)}`];
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / height), part = Math.floor((event.clientX - box.left - margin) / (width - margin) * parts);
    cursor = row >= 0 && row < rows.length && part >= 0 && part < parts ? {row, part} : null;
    draw();
    if (cursor) showTip(describe(cursor), event.clientX, event.clientY); else hideTip();
  });
  canvas.addEventListener('pointerleave', () => { cursor = null; draw(); hideTip(); });
  canvas.addEventListener('keydown', (event) => {
    const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -5], ArrowRight: [0, 5]}[event.key];
    if (!move) return;
    event.preventDefault();
    cursor = cursor ? {row: (cursor.row + move[0] + rows.length) % rows.length, part: (cursor.part + move[1] + parts) % parts} : {row: 0, part: 0};
    draw();
    say(describe(cursor).join(': '));
  });
  canvas.addEventListener('blur', () => { cursor = null; hideTip(); draw(); });
  const table = sortableTable('Links over time', [
    {title: 'Link', value: (row) => row.name},
    {title: 'Mean', number: true, value: (row) => row.mean, text: (row) => percent(row.mean)},
    {title: 'Most', number: true, value: (row) => row.most, text: (row) => percent(row.most)}], rows);
  onResize(frame, draw);
  return {element: make('div', {}, make('h3', {}, 'Links over time'), frame, behind(table)), draw};
}
