// Lines and stacked bars by Chart.js, with legends of our own: buttons that a keyboard reaches.

const hasCharts = typeof Chart !== 'undefined';
const symbols = ['circle', 'triangle', 'rect', 'rectRot', 'crossRot', 'star', 'cross', 'rectRounded'];

if (hasCharts) {
  Chart.defaults.font.family = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  Chart.defaults.font.size = 12;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.plugins.legend.display = false;
}

/** Ticks of a logarithmic axis: powers of a base, as many as there is room for; of 10 also 2 and 5 of each where few fit. */
function powers(least, most, base, room) {
  if (base === 10 && most / least < 300) {
    const fine = [];
    for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; ++power)
      for (const digit of most / least < 4 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : [1, 2, 5]) fine.push(digit * 10 ** power);
    return fine;
  }
  const [from, to] = [Math.floor(Math.log(least) / Math.log(base) + 1e-9), Math.ceil(Math.log(most) / Math.log(base) - 1e-9)];
  const step = Math.max(1, Math.ceil((to - from) / room));
  const ticks = [];
  for (let power = from; power <= to; power += step) ticks.push(base ** power);
  return ticks;
}

function axis({label, log, text, base = 10, least, most, room = 9, places}) {
  const {colors} = theme;
  return {
    type: log ? 'logarithmic' : 'linear',
    min: least, max: most,
    title: {display: true, text: label, color: colors.soft, padding: 6},
    border: {color: colors.grid},
    grid: {color: colors.grid, borderColor: colors.grid, tickLength: 4},
    ticks: {color: colors.soft, callback: (value) => text(value), maxRotation: 0, autoSkipPadding: 12},
    afterBuildTicks: log ? (built) => { built.ticks = (places || powers(built.min, built.max, base, room)).filter((v) => v >= built.min * 0.999 && v <= built.max * 1.001).map((value) => ({value})); } : undefined,
  };
}

const tooltip = () => ({
  backgroundColor: theme.colors.surface, titleColor: theme.colors.ink, bodyColor: theme.colors.ink,
  borderColor: theme.colors.soft, borderWidth: 0.5, padding: 9, boxPadding: 5, usePointStyle: true, caretSize: 0, cornerRadius: 4,
});

/**
 * A chart of lines. `describe()` returns {series: [{name, points: [{x, y}], color, muted, dashed}], x, y}
 * and is asked again by draw(); x and y are as axis() takes them. Series keep being hidden by name.
 */
function lineChart(label, describe, height = 340) {
  const canvas = make('canvas', {role: 'img', 'aria-label': label});
  const legend = make('div', {class: 'legend', role: 'group', 'aria-label': 'Lines shown'});
  const frame = make('div', {class: 'chart', style: `height:${height}px`}, canvas);
  const hidden = new Set();
  let chart = null, lit = null;

  const dataset = (line, i) => {
    const {colors} = theme;
    const dim = lit !== null && lit !== line.name;
    const color = line.dashed ? colors.bound : line.muted ? colors.muted : line.color;
    return {
      label: line.name, data: line.points, parsing: false, hidden: hidden.has(line.name),
      borderColor: dim ? colors.grid : color, backgroundColor: dim ? colors.grid : color,
      borderWidth: lit === line.name ? 3 : line.muted ? 1.2 : line.dashed ? 1.4 : 2,
      borderDash: line.dashed ? [5, 4] : [], order: lit === line.name ? 0 : line.muted ? 3 : 1,
      pointStyle: symbols[i % symbols.length], pointRadius: line.dashed || line.points.length > 60 ? 0 : line.muted ? 2 : 3.2,
      pointHoverRadius: 5, pointHitRadius: 8, tension: 0, spanGaps: true,
    };
  };
  function draw() {
    const {series, x, y} = describe();
    drawLegend(series);
    if (!hasCharts) return;
    const config = {
      type: 'line',
      data: {datasets: series.map(dataset)},
      options: {
        scales: {x: axis(x), y: axis(y)},
        interaction: {mode: 'nearest', intersect: false},
        plugins: {tooltip: {...tooltip(), callbacks: {
          title: ([item]) => item.dataset.label,
          label: (item) => ` ${y.text(item.parsed.y)} at ${x.text(item.parsed.x)}`,
        }}},
      },
    };
    if (chart) chart.destroy();
    chart = new Chart(canvas, config);
    frame.chart = chart;
  }
  function drawLegend(series) {
    const color = (line) => (line.dashed ? theme.colors.bound : line.muted ? theme.colors.muted : line.color);
    const light = (name) => () => { lit = name; restyle(series); };
    legend.replaceChildren(...(series.length < 2 ? [] : series).map((line, i) => make('button', {
      type: 'button', 'aria-pressed': String(!hidden.has(line.name)),
      onclick: (event) => {
        hidden.has(line.name) ? hidden.delete(line.name) : hidden.add(line.name);
        event.currentTarget.setAttribute('aria-pressed', String(!hidden.has(line.name)));
        restyle(series);
      },
      onpointerenter: light(line.name), onpointerleave: light(null), onfocus: (event) => event.currentTarget.matches(':focus-visible') && light(line.name)(), onblur: light(null),
    }, swatch(color(line), line.dashed, i), line.name)));
  }
  function restyle(series) {
    if (!chart) return;
    series.forEach((line, i) => Object.assign(chart.data.datasets[i], dataset(line, i)));
    chart.update('none');
  }
  return {element: make('div', {}, hasCharts ? frame : missingCharts(), legend), draw};
}

function swatch(color, dashed, i) {
  const mark = {circle: 'M7 5a2 2 0 1 0 4 0 2 2 0 1 0-4 0', triangle: 'M9 2 12 8H6z', rect: 'M6.5 2.5h5v5h-5z', rectRot: 'M9 1.5 12.5 5 9 8.5 5.5 5z', crossRot: 'M6.5 2.5l5 5m0-5-5 5', star: 'M9 1.5v7M5.5 5h7M6.5 2.5l5 5m0-5-5 5', cross: 'M9 1.5v7M5.5 5h7', rectRounded: 'M6.5 3.5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-3a1 1 0 0 1-1-1z'}[symbols[i % symbols.length]];
  const picture = svg('svg', {width: 18, height: 10, viewBox: '0 0 18 10', 'aria-hidden': 'true'},
    svg('path', {d: 'M0 5h18', stroke: color, 'stroke-width': dashed ? 1.5 : 2, 'stroke-dasharray': dashed ? '4 3' : 'none'}));
  if (!dashed) picture.append(svg('path', {d: mark, fill: color, stroke: color, 'stroke-width': 1.4}));
  return picture;
}

const missingCharts = () => make('p', {class: 'note'},
  'This program was built without Chart.js (Debian: libjs-chart.js): the figures stand in the table below.');

/** Stacked bars: describe() returns {labels, stacks: [{name, values, color}], x, y, title(i)}. */
function stackedBars(label, describe, height = 300) {
  const canvas = make('canvas', {role: 'img', 'aria-label': label});
  const legend = make('div', {class: 'legend plain'});
  const frame = make('div', {class: 'chart', style: `height:${height}px`}, canvas);
  let chart = null;
  function draw() {
    const {labels, stacks, x, y, title} = describe();
    legend.replaceChildren(...stacks.map(({name, color}) => make('span', {}, make('i', {style: `background:${color}`}), name)));
    if (!hasCharts) return;
    if (chart) chart.destroy();
    const {colors} = theme;
    chart = new Chart(canvas, {
      type: 'bar',
      data: {labels, datasets: stacks.map(({name, values, color}) => ({label: name, data: values, backgroundColor: color, stack: 'all', barPercentage: 1, categoryPercentage: labels.length > 100 ? 1 : 0.86}))},
      options: {
        scales: {
          x: {stacked: true, title: {display: true, text: x, color: colors.soft}, grid: {display: false, borderColor: colors.grid}, ticks: {color: colors.soft, maxRotation: 0, autoSkipPadding: 8}},
          y: {...axis(y), stacked: true, beginAtZero: true},
        },
        interaction: {mode: 'index', intersect: false},
        plugins: {tooltip: {...tooltip(), callbacks: {title: ([item]) => title(item.dataIndex), label: (item) => ` ${item.dataset.label}: ${y.text(item.parsed.y)}`}}},
      },
    });
    frame.chart = chart;
  }
  return {element: make('div', {}, hasCharts ? frame : missingCharts(), legend), draw};
}
