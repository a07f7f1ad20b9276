// The page: which sections there are, and what stands in them.

const isCollective = (run) => run.report.results.length > 0;
const isTraining = (run) => run.report.training.length > 0;
const endOf = (run) => run.report.totals.time_s || Math.max(0, ...perRank(run).map((r) => r.compute_s + r.communication_s + r.waiting_s));
const perRank = (run) => (Array.isArray(run.report.ranks) ? run.report.ranks : []);
const environment = (run) => run.report.environment;
const redraw = [];
/** Keeps a drawing: it follows the colours. */
function kept(part) { theme.listeners.push(part.draw); return part; }

function aboutRun(run) {
  const e = environment(run);
  const where = e.platform ? `on ${e.platform}` : `on ${e.backend === 'loopback' ? 'threads of one process' : e.backend}`;
  const clock = e.clock === 'simulated' ? `simulated (${e.simgrid ? 'SimGrid ' + e.simgrid : e.network})` : 'measured';
  return `${e.ranks} ranks ${where}, ${clock}`;
}

// ---- headline

function headline() {
  const title = several ? `${runs.length} runs` : runs[0].name;
  const what = several ? runs.map((run) => run.name).join(' · ') : aboutRun(runs[0]);
  document.getElementById('main').append(make('div', {class: 'headline'},
    make('h1', {}, title), make('p', {class: 'about'}, what),
    make('dl', {class: 'figures'}, ...headlineFigures().map(([label, value, note]) => make('div', {}, make('dt', {}, label), make('dd', {}, value, note && make('small', {}, note)))))));
}
function headlineFigures() {
  const collectives = runs.filter(isCollective), trainings = runs.filter(isTraining);
  const figures = [];
  if (collectives.length) {
    const all = collectives.flatMap((run) => run.report.results.map((result) => ({run, ...result})));
    const sizes = [...new Set(all.map((r) => r.bytes))].sort((a, b) => a - b);
    for (const size of [...new Set([sizes[0], sizes[sizes.length - 1]])]) {
      const best = all.filter((r) => r.bytes === size).reduce((a, b) => (b.time_s < a.time_s ? b : a));
      figures.push([`Fastest at ${bytes(size)}`, time(best.time_s), seriesName(best.run, best)]);
    }
    const widest = all.reduce((a, b) => (b.busbw_Bps > a.busbw_Bps ? b : a));
    figures.push(['Greatest bus bandwidth', rate(widest.busbw_Bps), `${seriesName(widest.run, widest)}, ${bytes(widest.bytes)}`]);
    const bounded = all.filter((r) => r.bound_s > 0);
    if (bounded.length) {
      const close = bounded.reduce((a, b) => (b.time_s / b.bound_s < a.time_s / a.bound_s ? b : a));
      figures.push(['Closest to the lower bound', digits(close.time_s / close.bound_s) + ' ×', `${seriesName(close.run, close)}, ${bytes(close.bytes)}`]);
    }
    const wrong = all.reduce((sum, r) => sum + (r.wrong || 0), 0);
    if (wrong) figures.push(['Wrong values', count(wrong), 'in all results']);
  }
  if (trainings.length) {
    const fastest = trainings.reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
    figures.push([several ? 'Shortest run' : 'Time', time(endOf(fastest)), several ? fastest.name : `${count(lastOf(fastest, 'step'))} steps`]);
    for (const [name, which] of [['loss', 'least'], ['accuracy', 'greatest'], ['held_out_accuracy', 'greatest']]) {
      const known = trainings.map((run) => [run, lastOf(run, name)]).filter(([, v]) => v != null);
      if (!known.length) continue;
      const [run, value] = known.reduce((a, b) => ((which === 'least') === (b[1] < a[1]) ? b : a));
      figures.push([several ? `Best final ${words(name)}` : `Final ${words(name)}`, name === 'loss' ? figure(value) : percent(value, 1), several ? run.name : null]);
    }
    const reached = trainings.flatMap((run) => run.report.targets.filter((t) => t.time_to_target_s != null).map((t) => ({run, ...t})));
    if (reached.length) {
      const soonest = reached.reduce((a, b) => (b.time_to_target_s < a.time_to_target_s ? b : a));
      figures.push([`Time to ${words(soonest.figure)} ${soonest.value}`, time(soonest.time_to_target_s), several ? soonest.run.name : `${count(soonest.steps_to_target)} steps`]);
    }
    const sent = trainings.filter((run) => run.report.totals.sent_bytes != null);
    if (sent.length) {
      const fewest = sent.reduce((a, b) => (b.report.totals.sent_bytes < a.report.totals.sent_bytes ? b : a));
      figures.push([several ? 'Fewest bytes sent' : 'Sent by all ranks', bytes(fewest.report.totals.sent_bytes), several ? fewest.name : `${count(fewest.report.totals.messages)} messages`]);
    }
  }
  if (!several && trainings.length) {
    const shares = sharesOf(runs[0]);
    if (shares) figures.push(['Time spent computing', percent(shares.compute, 0), `communicating ${percent(shares.communication, 0)}, waiting ${percent(shares.waiting, 0)}`]);
  }
  return figures;
}
const lastOf = (run, key) => run.report.training.reduce((found, point) => point[key] ?? found, null);
function sharesOf(run) {
  const ranks = perRank(run), end = endOf(run) * ranks.length;
  if (!ranks.length || !(end > 0)) return null;
  const sum = (key) => ranks.reduce((total, rank) => total + rank[key], 0) / end;
  return {compute: sum('compute_s'), communication: sum('communication_s'), waiting: sum('waiting_s')};
}

// ---- collectives

const seriesName = (run, result) => words(result.algorithm) + (several ? ` (${run.name})` : '') + (result.in_place ? ', in place' : '');
function collectives() {
  const shown = runs.filter(isCollective);
  if (!shown.length) return;
  const operations = [...new Set(shown.flatMap((run) => run.report.results.map((r) => r.op)))];
  for (const op of operations) {
    const all = shown.flatMap((run) => run.report.results.filter((r) => r.op === op).map((result) => ({run, name: seriesName(run, result), ...result})));
    const part = section(operations.length > 1 ? 'sizes-' + op : 'sizes', operations.length > 1 ? `${words(op)} by size` : 'Algorithms by size',
      `Each line is an algorithm for ${words(op)}; those that win at some size are in colour.` + (all.some((r) => r.bound_s > 0) ? ' The dashed line is what no algorithm can beat on this machine.' : ''));
    const chart = collectiveChart(op, all);
    part.append(chart.controls, chart.element);
    part.append(make('h3', {}, 'Every result'), resultsTable(op, all));
    const refused = shown.flatMap((run) => run.report.refused.filter((r) => r.op === op).map((r) => ({run, ...r})));
    if (refused.length) {
      const reasons = new Map(refused.map((r) => [words(r.algorithm) + ': ' + r.reason, r]));
      part.append(make('details', {class: 'behind'}, make('summary', {}, `${reasons.size} that could not serve`), make('ul', {}, ...[...reasons.keys()].map((text) => make('li', {}, text)))));
    }
  }
}
/** At most `room` of the values, evenly, the last among them. */
const thinned = (values, room) => values.filter((_, i) => (values.length - 1 - i) % Math.ceil(values.length / room) === 0);
function collectiveChart(op, all) {
  const sizes = [...new Set(all.map((r) => r.bytes))].sort((a, b) => a - b);
  const wins = new Map(), byName = new Map();
  for (const r of all) byName.set(r.name, [...(byName.get(r.name) || []), r]);
  for (const size of sizes) {
    const best = all.filter((r) => r.bytes === size).reduce((a, b) => (b.time_s < a.time_s ? b : a));
    wins.set(best.name, (wins.get(best.name) || 0) + 1);
  }
  const slowness = (list) => list.reduce((sum, r) => sum + Math.log(r.time_s), 0) / list.length;
  const names = [...byName.keys()].sort((a, b) => (wins.get(b) || 0) - (wins.get(a) || 0) || slowness(byName.get(a)) - slowness(byName.get(b)));
  const measures = {
    time: ['Time', (r) => r.time_s, (v) => time(v), true],
    busbw: ['Bus bandwidth', (r) => r.busbw_Bps, (v) => rate(v), true],
    ratio: ['Times the bound', (r) => (r.bound_s > 0 ? r.time_s / r.bound_s : null), (v) => digits(v) + ' ×', true],
  };
  if (!all.some((r) => r.bound_s > 0)) delete measures.ratio;
  if (!all.some((r) => r.busbw_Bps > 0)) delete measures.busbw;
  let measure = 'time';
  const describe = () => {
    const [label, value, text] = measures[measure];
    const coloured = names.length <= theme.colors.series.length ? names.length : Math.min(7, Math.max(wins.size, 3));
    const series = names.map((name, i) => ({
      name, color: theme.colors.series[i % theme.colors.series.length], muted: i >= coloured,
      points: byName.get(name).filter((r) => r.bytes > 0 && value(r) > 0).sort((a, b) => a.bytes - b.bytes).map((r) => ({x: r.bytes, y: value(r)})),
    }));
    const bounds = new Map();
    for (const r of all) if (r.bound_s > 0) bounds.set(r.bytes, Math.min(bounds.get(r.bytes) ?? Infinity, r.bound_s));
    const factor = (r) => ({time: r.bound_s, busbw: r.busbw_Bps * r.time_s / r.bound_s, ratio: 1}[measure]);
    const bound = all.filter((r) => r.bound_s > 0 && r.bound_s === bounds.get(r.bytes));
    const points = [...new Map(bound.map((r) => [r.bytes, {x: r.bytes, y: factor(r)}])).values()].filter((p) => p.y > 0 && p.x > 0).sort((a, b) => a.x - b.x);
    if (points.length) series.push({name: 'lower bound', dashed: true, points});
    const ys = series.flatMap((line) => line.points.map((p) => p.y));
    return {series,
      x: {label: 'Size', log: true, text: bytes, least: sizes.find((s) => s > 0) / 1.15, most: sizes[sizes.length - 1] * 1.15, places: thinned(sizes, innerWidth < 720 ? 4 : 11)},
      y: {label, log: true, text, least: Math.min(...ys) / 1.3, most: Math.max(...ys) * 1.3, room: 10}};
  };
  const chart = kept(lineChart(`${words(op)}: time of each algorithm by size; the table below has the figures`, describe, 420));
  redraw.push(chart.draw);
  return {element: chart.element, controls: make('div', {class: 'controls'}, choice('Show', Object.entries(measures).map(([key, [label]]) => [key, label]), 'time', (key) => { measure = key; chart.draw(); }))};
}
function resultsTable(op, all) {
  const least = new Map();
  for (const r of all) least.set(r.bytes, Math.min(least.get(r.bytes) ?? Infinity, r.time_s));
  const has = (key) => all.some((r) => r[key] != null && r[key] !== 0);
  const rows = [...all].sort((a, b) => a.bytes - b.bytes || a.time_s - b.time_s);
  const columns = [
    {title: 'Algorithm', value: (r) => words(r.algorithm) + (r.in_place ? ', in place' : '')},
    several && {title: 'Run', value: (r) => r.run.name},
    {title: 'Size', number: true, value: (r) => r.bytes, text: (r) => bytes(r.bytes)},
    {title: 'Time', number: true, value: (r) => r.time_s, text: (r) => time(r.time_s, 4)},
    {title: '÷ fastest', number: true, value: (r) => r.time_s / least.get(r.bytes), text: (r) => digits(r.time_s / least.get(r.bytes)) + ' ×', help: 'times the fastest of this size'},
    has('bound_s') && {title: '÷ bound', number: true, value: (r) => (r.bound_s > 0 ? r.time_s / r.bound_s : null), text: (r) => (r.bound_s > 0 ? digits(r.time_s / r.bound_s) + ' ×' : '–'), help: 'times the lower bound', best: 'least'},
    has('model_s') && {title: 'Closed form', number: true, value: (r) => r.model_s, text: (r) => (r.model_s == null ? '–' : time(r.model_s, 4)), help: 'without contention'},
    has('busbw_Bps') && {title: 'Bus bandwidth', number: true, value: (r) => r.busbw_Bps, text: (r) => rate(r.busbw_Bps), best: 'greatest'},
    has('device_s') && {title: 'On the device', number: true, value: (r) => r.device_s, text: (r) => (r.device_s == null ? '–' : time(r.device_s, 4)), help: 'kernels of the rank with the most, in one iteration'},
    {title: 'Messages a rank', number: true, value: (r) => r.messages_per_rank, text: (r) => count(r.messages_per_rank), help: 'of the busiest rank, in one iteration'},
    {title: 'Bytes a rank', number: true, value: (r) => r.sent_per_rank_bytes, text: (r) => (r.sent_per_rank_bytes == null ? '–' : bytes(r.sent_per_rank_bytes)), help: 'of the busiest rank, in one iteration'},
    has('wrong') && {title: 'Wrong', number: true, value: (r) => r.wrong, text: (r) => count(r.wrong)},
  ].filter(Boolean);
  return sortableTable(`Results of ${words(op)}`, columns, rows, {filter: true});
}

// ---- training

function trainings() {
  const shown = runs.filter(isTraining);
  if (!shown.length) return;
  const known = [...new Set(shown.flatMap((run) => run.report.training.flatMap((point) => Object.keys(point))))];
  const figuresShown = known.filter((key) => !['step', 'time_s', 'messages', 'sent_bytes', 'device_s'].includes(key));
  if (!figuresShown.length) {
    const part = section('training', 'Steps', 'Sizes without values: nothing is learnt, steps take their time.');
    for (const run of shown) part.append(curveTable(run));
    if (several) part.append(make('h3', {}, 'Runs compared'), runsTable(shown));
    return;
  }
  const part = section('training', 'What was learnt', several ? 'One line a run. Switch the axis to ask: what does it cost to get there?' : 'Switch the axis to see what each value cost.');
  let along = 'time_s';
  const axes = [['time_s', 'Time'], ['step', 'Steps'], ...(known.includes('sent_bytes') ? [['sent_bytes', 'Bytes sent']] : [])];
  const wanted = ['loss', 'accuracy', 'held_out_accuracy', 'gap', 'error', 'disagreement', 'staleness'].filter((key) => figuresShown.includes(key));
  const charts = [];
  const grid = make('div', {class: 'pair'});
  for (const slot of [0, 1]) {
    let key = wanted[slot] || figuresShown.find((name) => !wanted.includes(name));
    if (!key) break;
    const chart = kept(lineChart('Training curve; the table below has the figures', () => curve(shown, key, along), 300));
    charts.push(chart);
    redraw.push(chart.draw);
    const select = make('select', {'aria-label': 'Figure', onchange: () => { key = select.value; chart.draw(); }}, ...figuresShown.map((name) => make('option', {value: name, selected: name === key}, words(name))));
    grid.append(make('div', {}, make('div', {class: 'controls'}, select), chart.element));
  }
  part.append(make('div', {class: 'controls'}, choice('Against', axes, along, (key) => { along = key; charts.forEach((chart) => chart.draw()); })), grid);
  if (several) part.append(make('h3', {}, 'Runs compared'), runsTable(shown));
  for (const run of shown) part.append(behind(curveTable(run), several ? `Points of ${run.name}` : 'Every point as a table'));
}
function curve(shown, key, along) {
  const series = shown.map((run, i) => ({name: run.name, color: theme.colors.series[i % theme.colors.series.length], points: run.report.training.filter((p) => p[key] != null && p[along] != null).map((p) => ({x: p[along], y: p[key]}))})).filter((line) => line.points.length);
  const ys = series.flatMap((line) => line.points.map((p) => p.y)), least = Math.min(...ys), most = Math.max(...ys);
  const xs = series.flatMap((line) => line.points.map((p) => p.x));
  const log = least > 0 && most / least > 10;
  for (const run of shown) for (const target of run.report.targets) if (target.figure === key && !series.some((line) => line.dashed && line.points[0].y === target.value)) series.push({name: `target ${target.value}`, dashed: true, points: [{x: Math.min(...xs), y: target.value}, {x: Math.max(...xs), y: target.value}]});
  const share = key.includes('accuracy');
  return {series, x: {label: {time_s: 'Time', step: 'Step', sent_bytes: 'Sent by all ranks'}[along], text: {time_s: (v) => time(v), step: count, sent_bytes: bytes}[along], log: false, room: 6},
    y: {label: words(key), log, text: share ? (v) => percent(v, most - least < 0.05 ? 1 : 0) : figure, least: log ? least / 1.3 : undefined, most: log ? most * 1.3 : undefined}};
}
function runsTable(shown) {
  const final = ['loss', 'accuracy', 'held_out_accuracy', 'gap', 'error'].filter((key) => shown.some((run) => lastOf(run, key) != null));
  const targets = [...new Set(shown.flatMap((run) => run.report.targets.map((t) => `${t.figure} ${t.value}`)))];
  const reached = (run, target) => run.report.targets.find((t) => `${t.figure} ${t.value}` === target)?.time_to_target_s;
  return sortableTable('Runs compared', [
    {title: 'Run', value: (run) => run.name},
    {title: 'Strategy', value: (run) => words(run.report.scenario.training?.strategy || '–')},
    {title: 'Ranks', number: true, value: (run) => Number(environment(run).ranks)},
    {title: 'Steps', number: true, value: (run) => lastOf(run, 'step'), text: (run) => count(lastOf(run, 'step'))},
    {title: 'Time', number: true, best: 'least', value: endOf, text: (run) => time(endOf(run))},
    ...targets.map((target) => ({title: `Time to ${words(target)}`, number: true, best: 'least', value: (run) => reached(run, target), text: (run) => (reached(run, target) == null ? 'never' : time(reached(run, target)))})),
    ...final.map((key) => ({title: 'Final ' + words(key), number: true, best: key.includes('accuracy') ? 'greatest' : 'least', value: (run) => lastOf(run, key), text: (run) => (key.includes('accuracy') ? percent(lastOf(run, key), 1) : figure(lastOf(run, key)))})),
    {title: 'Sent', number: true, best: 'least', value: (run) => run.report.totals.sent_bytes, text: (run) => bytes(run.report.totals.sent_bytes)},
    {title: 'Messages', number: true, value: (run) => run.report.totals.messages, text: (run) => count(run.report.totals.messages)},
    ...['compute', 'communication', 'waiting'].map((key) => ({title: {compute: 'Computing', communication: 'Communicating', waiting: 'Waiting'}[key], number: true, value: (run) => sharesOf(run)?.[key], text: (run) => percent(sharesOf(run)?.[key], 0)})),
  ], shown, {height: false});
}
function curveTable(run) {
  const keys = [...new Set(run.report.training.flatMap((point) => Object.keys(point)))];
  return sortableTable('Points of the curve of ' + run.name, keys.map((key) => ({
    title: key === 'time_s' ? 'time' : words(key), number: true, value: (p) => p[key],
    text: (p) => (p[key] == null ? '–' : key.endsWith('_s') ? time(p[key], 4) : key.endsWith('bytes') ? bytes(p[key]) : Number.isInteger(p[key]) ? count(p[key]) : figure(p[key]))})), run.report.training, {filter: false});
}

// ---- one run: ranks, traffic, network, timeline, scenario

function ranksPart(run) {
  const ranks = perRank(run);
  const part = make('div', {});
  const chart = kept(stackedBars('Time of each rank: computing, communicating, waiting; the table below has the figures', () => ({
    labels: ranks.map((r) => r.rank), x: 'Rank', y: {label: 'Time', text: (v) => time(v)},
    title: (i) => `rank ${ranks[i].rank}${ranks[i].host ? ' on ' + ranks[i].host : ''}`,
    stacks: [['compute', 'computing'], ['communication', 'communicating'], ['waiting', 'waiting']].map(([key, name]) => ({name, color: theme.colors[key], values: ranks.map((r) => r[key + '_s'])})),
  })));
  const table = sortableTable('Ranks', [
    {title: 'Rank', number: true, value: (r) => r.rank}, {title: 'Host', value: (r) => r.host || '–'},
    {title: 'Computing', number: true, value: (r) => r.compute_s, text: (r) => time(r.compute_s)},
    {title: 'Communicating', number: true, value: (r) => r.communication_s, text: (r) => time(r.communication_s)},
    {title: 'Waiting', number: true, value: (r) => r.waiting_s, text: (r) => time(r.waiting_s)},
    ...(ranks.some((r) => r.device_s != null) ? [{title: 'On the device', number: true, value: (r) => r.device_s, text: (r) => (r.device_s == null ? '–' : time(r.device_s))}] : []),
    {title: 'Kernels', number: true, value: (r) => r.kernels, text: (r) => count(r.kernels)},
    {title: 'Flops', number: true, value: (r) => r.flops, text: (r) => (r.flops ? r.flops.toExponential(2) : '0')},
    {title: 'Messages sent', number: true, value: (r) => r.messages, text: (r) => count(r.messages)},
    {title: 'Bytes sent', number: true, value: (r) => r.bytes, text: (r) => bytes(r.bytes)},
    {title: 'Bytes received', number: true, value: (r) => r.received_bytes, text: (r) => bytes(r.received_bytes)}], ranks, {filter: true});
  part.append(chart.element, behind(table));
  chart.draw();
  return part;
}
function onePart(id, title, sentence, has, build) {
  if (!runs.some(has)) return;
  const part = section(id, title, sentence), place = make('div', {});
  part.append(place);
  const fill = () => {
    const run = runs[chosen];
    place.replaceChildren(has(run) ? build(run) : make('p', {class: 'note'}, `${run.name} has none.`));
  };
  perRun.push(fill);
}
const perRun = [];
let chosen = data.trace ? data.trace.report : 0;

async function timelinePart() {
  const {trace} = data;
  if (!trace || !trace.spans) return;
  const part = section('timeline', 'Timeline', `What each rank did when${several ? ` in ${runs[trace.report].name}` : ''}: ${count(trace.spans)} spans over ${time(trace.end_s)}.` + (trace.left_out ? ` The run went on: for ${count(trace.left_out)} later spans there was no room.` : ''));
  if (typeof DecompressionStream === 'undefined') { part.append(make('p', {class: 'note'}, 'This browser cannot unpack the spans (it has no DecompressionStream); one of 2023 or later can.')); return; }
  const place = make('div', {class: 'loading'});
  part.append(place);
  const spans = await unpack(trace);
  const drawn = kept(timeline(spans));
  place.replaceWith(drawn.element);
  if (trace.links.length) {
    const links = kept(linksOverTime(trace));
    part.append(links.element);
    links.draw();
  }
  const totals = spans.totals();
  part.append(behind(sortableTable('Totals by name', [
    {title: 'What', value: (t) => t.name}, {title: 'Lane', value: (t) => lanes[t.lane]},
    {title: 'Spans', number: true, value: (t) => t.count, text: (t) => count(t.count)},
    {title: 'Total', number: true, value: (t) => t.seconds, text: (t) => time(t.seconds)},
    {title: 'Mean', number: true, value: (t) => t.seconds / t.count, text: (t) => time(t.seconds / t.count)},
    {title: 'Longest', number: true, value: (t) => t.longest, text: (t) => time(t.longest)},
    {title: 'Bytes', number: true, value: (t) => t.bytes, text: (t) => (t.bytes ? bytes(t.bytes) : '–')}], totals), 'Totals of all spans as a table'));
}
function scenarioPart(run) {
  const notes = Object.entries(environment(run)).filter(([key]) => key !== 'name');
  const text = JSON.stringify(run.report.scenario, null, 2);
  const copy = make('button', {type: 'button', class: 'quiet', onclick: async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = 'Copied'; } catch { getSelection().selectAllChildren(code); copy.textContent = 'Selected'; }
    setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
  }}, 'Copy');
  const code = make('pre', {tabindex: '0', 'aria-label': 'Scenario as JSON'}, text);
  return make('div', {class: 'scenario'},
    make('dl', {class: 'environment'}, ...notes.concat([['digest', run.report.digest], ['timing', isCollective(run) ? run.report.timing : null]]).filter(([, v]) => v).map(([key, value]) => make('div', {}, make('dt', {}, words(key)), make('dd', {}, value)))),
    make('div', {class: 'code'}, copy, code));
}
function clearPerRun() {
  theme.listeners.length = lasting;
  for (const fill of perRun) fill();
}
let lasting = 0;

async function start() {
  applyTheme();
  headline();
  trainings();
  collectives();
  const timelineReady = timelinePart();
  onePart('ranks', 'Ranks', 'How each rank spent its time. At each moment a rank computes, else communicates, else waits.', (run) => perRank(run).length, ranksPart);
  const pictures = (run) => {
    const boxes = make('div', {class: 'pair'});
    const {traffic, topology, links} = run.report;
    if (traffic.length) { const part = kept(trafficMatrix(run)); boxes.append(make('div', {}, make('h3', {}, 'Who sent to whom'), part.element)); }
    if (links.length && topology && topology.edges.length) { const part = kept(topologyPicture(run, endOf(run))); boxes.append(make('div', {}, make('h3', {}, 'Links'), part.element, behind(linkTable(run, endOf(run))))); }
    else if (links.length) boxes.append(make('div', {}, make('h3', {}, 'Links'), linkTable(run, endOf(run))));
    return boxes;
  };
  onePart('traffic', 'Traffic', 'What went from rank to rank during the whole run, and over which links.', (run) => run.report.traffic.length || run.report.links.length, pictures);
  onePart('scenario', 'Scenario', 'As it was run, every default written out.', () => true, scenarioPart);
  document.getElementById('foot').append(`Written by Troupe ${data.version}. Everything on this page is in this one file.`);
  if (several) {
    const select = document.getElementById('run');
    select.append(...runs.map((run) => make('option', {value: run.index, selected: run.index === chosen}, run.name)));
    select.onchange = () => { chosen = Number(select.value); clearPerRun(); };
    document.querySelector('.run-choice').hidden = false;
  }
  redraw.forEach((draw) => draw());
  await timelineReady;
  lasting = theme.listeners.length;
  clearPerRun();
  for (let frame = 0; frame < 3; ++frame) await new Promise(requestAnimationFrame);  // what waits for its width is drawn by then
  document.documentElement.dataset.ready = Math.round(performance.now());
}
start();
