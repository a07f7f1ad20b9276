// The network as a picture: hosts, switches and cables, coloured by how much they were used.

/** Levels of a tree-like network: 0 for hosts, then by the distance from them; null where cables join vertices of one level. */
function levelsOf({hosts, vertices, edges}) {
  const level = vertices.map((_, i) => (i < hosts ? 0 : Infinity));
  for (let round = 0, changed = true; changed && round < 64; ++round) {
    changed = false;
    for (const {from, to} of edges)
      for (const [a, b] of [[from, to], [to, from]])
        if (level[b] > level[a] + 1) { level[b] = level[a] + 1; changed = true; }
  }
  return edges.every(({from, to}) => Math.abs(level[from] - level[to]) === 1) ? level : null;
}

/** Rows by level; each vertex above the middle of those below it. */
function rows({hosts, vertices, edges}, level) {
  const x = vertices.map((_, i) => (i < hosts ? (i + 0.5) / hosts : 0.5));
  const top = Math.max(...level.filter(isFinite));
  for (let height = 1; height <= top; ++height) {
    const here = vertices.map((_, i) => i).filter((i) => level[i] === height);
    for (const i of here) {
      const below = edges.flatMap(({from, to}) => (from === i && level[to] < height ? [x[to]] : to === i && level[from] < height ? [x[from]] : []));
      x[i] = below.reduce((sum, value) => sum + value, 0) / Math.max(1, below.length);
    }
    here.sort((a, b) => x[a] - x[b] || a - b).forEach((i, place) => { x[i] = (place + 0.5) / here.length; });
  }
  return vertices.map((_, i) => [x[i], top ? 1 - level[i] / top : 0.5]);
}

/** Distances on paper as those in the network: stress majorisation (Gansner, Koren and North 2004), from a circle. */
function relaxed({vertices, edges}) {
  const n = vertices.length;
  const near = vertices.map(() => []);
  for (const {from, to} of edges) { near[from].push(to); near[to].push(from); }
  const far = near.map((_, start) => {
    const distance = new Float32Array(n).fill(-1);
    distance[start] = 0;
    for (let queue = [start], i = 0; i < queue.length; ++i)
      for (const next of near[queue[i]]) if (distance[next] < 0) { distance[next] = distance[queue[i]] + 1; queue.push(next); }
    return distance;
  });
  let place = vertices.map((_, i) => { const turn = 2 * Math.PI * i / n, radius = n / 8 * (1 + 0.13 * (i % 3)); return [radius * Math.cos(turn), radius * Math.sin(turn)]; });
  const budget = Math.max(20, Math.min(300, Math.round(2e7 / (n * n))));
  for (let round = 0; round < budget; ++round) {
    place = place.map(([px, py], i) => {
      let sx = 0, sy = 0, weights = 0;
      for (let j = 0; j < n; ++j) {
        const d = far[i][j];
        if (j === i || d <= 0) continue;
        const [qx, qy] = place[j], weight = 1 / (d * d), gap = Math.hypot(px - qx, py - qy) || 1e-6;
        sx += weight * (qx + d * (px - qx) / gap);
        sy += weight * (qy + d * (py - qy) / gap);
        weights += weight;
      }
      return weights ? [sx / weights, sy / weights] : [px, py];
    });
  }
  const [xs, ys] = [place.map((p) => p[0]), place.map((p) => p[1])];
  const [left, low] = [Math.min(...xs), Math.min(...ys)], wide = Math.max(Math.max(...xs) - left, Math.max(...ys) - low) || 1;
  return place.map(([px, py]) => [(px - left) / wide, (py - low) / wide]);
}

const linkMeasures = {
  busy: ['Time in use', (link) => link.busy_share, (value) => percent(value)],
  mean: ['Share of bandwidth', (link, end) => link.bytes / (link.bandwidth_Bps * end), (value) => percent(value)],
  bytes: ['Bytes', (link) => link.bytes, bytes],
};

function topologyPicture(run, end) {
  const {topology, links, ranks} = run.report;
  const byName = new Map(links.map((link) => [link.name, link]));
  const directions = (cable) => [cable, cable + '_UP', cable + '_DOWN'].map((name) => byName.get(name)).filter(Boolean);
  const ranksOf = new Map();
  for (const {rank, host} of Array.isArray(ranks) ? ranks : []) ranksOf.set(host, [...(ranksOf.get(host) || []), rank]);
  const level = levelsOf(topology);
  const places = level ? rows(topology, level) : relaxed(topology);
  let measure = 'busy';
  const frame = make('div', {class: 'topology'});
  const legend = make('div', {class: 'ramp'});

  function draw() {
    const width = frame.clientWidth || 560;
    const height = level ? Math.max(220, 130 * Math.max(...level.filter(isFinite))) : Math.min(width, 460);
    const across = level ? width : height;
    const at = (i) => [16 + places[i][0] * (across - 32) + (width - across) / 2, 16 + places[i][1] * (height - 40)];
    const {colors} = theme;
    const [, value, text] = linkMeasures[measure];
    const largest = Math.max(...links.map((link) => value(link, end)), 0);
    const of = (cable) => directions(cable).reduce((most, link) => Math.max(most, value(link, end)), 0);
    const picture = svg('svg', {width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Network of ${topology.hosts} hosts and ${topology.vertices.length - topology.hosts} switches; the table below has the figures of each link`});
    const drawn = [...topology.edges].sort((a, b) => of(a.link) - of(b.link));
    for (const {from, to, link} of drawn) {
      const [[x1, y1], [x2, y2]] = [at(from), at(to)];
      const share = largest > 0 ? of(link) / largest : 0;
      const line = svg('line', {x1, y1, x2, y2, stroke: link ? css(along(colors.heat, share)) : colors.grid, 'stroke-width': 1 + 2.5 * share, class: 'cable'});
      const wide = svg('line', {x1, y1, x2, y2, stroke: 'transparent', 'stroke-width': 9});
      wide.addEventListener('pointermove', (event) => { line.classList.add('lit'); showTip(describe(link), event.clientX, event.clientY); });
      wide.addEventListener('pointerleave', () => { line.classList.remove('lit'); hideTip(); });
      picture.append(line, wide);
    }
    const size = topology.hosts > 128 ? 2 : topology.hosts > 48 ? 3.5 : 5;
    topology.vertices.forEach((name, i) => {
      const [x, y] = at(i);
      const host = i < topology.hosts;
      const mark = host
        ? svg('rect', {x: x - size, y: y - size, width: 2 * size, height: 2 * size, rx: 1, fill: colors.ink})
        : svg('circle', {cx: x, cy: y, r: size + 0.5, fill: colors.surface, stroke: colors.ink, 'stroke-width': 1.5});
      mark.addEventListener('pointermove', (event) => showTip(host ? [name, 'rank ' + (ranksOf.get(name) || []).join(', ')] : [name || 'switch'].concat(name ? describe(name).slice(1) : []), event.clientX, event.clientY));
      mark.addEventListener('pointerleave', hideTip);
      picture.append(mark);
      if (host && (across - 32) / topology.hosts > 22 && level) picture.append(svg('text', {x, y: y + size + 14, 'text-anchor': 'middle', fill: colors.soft, 'font-size': 11}, document.createTextNode((ranksOf.get(name) || [i]).join(','))));
    });
    frame.replaceChildren(picture);
    legend.replaceChildren(make('span', {}, text(0)), make('i', {style: `background:linear-gradient(90deg,${colors.heat.join(',')})`}), make('span', {}, text(largest)), make('small', {}, 'the busier direction'));
  }
  const describe = (cable) => [cable || 'to the bus', ...directions(cable).map((link) => {
    const direction = link.name === cable ? '' : link.name.slice(cable.length + 1).toLowerCase() + ': ';
    return `${direction}${percent(link.busy_share)} of the time, ${bytes(link.bytes)}, at most ${link.most_flows} at once`;
  })];
  onResize(frame, draw);
  return {
    element: make('div', {}, make('div', {class: 'controls'}, choice('Colour by', Object.entries(linkMeasures).map(([key, [title]]) => [key, title]), measure, (key) => { measure = key; draw(); })), frame, legend),
    draw,
  };
}

function linkTable(run, end) {
  const mean = linkMeasures.mean[1];
  return sortableTable('Links', [
    {title: 'Link', value: (l) => l.name},
    {title: 'Time in use', number: true, value: (l) => l.busy_share, text: (l) => percent(l.busy_share)},
    {title: 'Share of bandwidth', number: true, value: (l) => mean(l, end), text: (l) => percent(mean(l, end))},
    {title: 'Bandwidth', number: true, value: (l) => l.bandwidth_Bps, text: (l) => rate(l.bandwidth_Bps)},
    {title: 'Bytes', number: true, value: (l) => l.bytes, text: (l) => bytes(l.bytes)},
    {title: 'Messages', number: true, value: (l) => l.messages, text: (l) => count(l.messages)},
    {title: 'At once', number: true, value: (l) => l.most_flows, text: (l) => count(l.most_flows)},
  ], [...run.report.links].sort((a, b) => b.busy_share - a.busy_share), {filter: true});
}
