// Tables that can be sorted by any column, and filtered.

/**
 * columns: [{title, value(row), text(row), number, best: 'least' | 'greatest', help}]. Sorts by
 * value, shows text; the best of a column is set in bold.
 */
function sortableTable(caption, columns, rows, {filter = false, height = true} = {}) {
  const body = make('tbody');
  const heads = columns.map((column, i) => make('th', {scope: 'col', class: column.number && 'number', 'aria-sort': 'none', title: column.help},
    make('button', {type: 'button', onclick: () => sort(i)}, column.title, make('span', {class: 'arrow', 'aria-hidden': 'true'}))));
  const best = columns.map(({best: which, value}) => {
    const values = which ? rows.map(value).filter((v) => v != null && isFinite(v)) : [];
    if (values.length < 2) return undefined;
    return values.reduce((a, b) => ((which === 'least') === (a < b) ? a : b));
  });
  const text = (column, row) => (column.text ? column.text(row) : String(column.value(row) ?? '–'));
  const lines = rows.map((row) => make('tr', {}, ...columns.map((column, i) => {
    const isBest = best[i] !== undefined && column.value(row) === best[i];
    return make(i === 0 ? 'th' : 'td', {class: [column.number && 'number', isBest && 'best'].filter(Boolean).join(' ') || null, scope: i === 0 ? 'row' : null}, text(column, row));
  })));
  let by = -1, down = false;
  function sort(index) {
    down = by === index ? !down : columns[index].best === 'greatest';
    by = index;
    const {value} = columns[by];
    const order = rows.map((row, i) => i).sort((a, b) => {
      const [x, y] = [value(rows[a]), value(rows[b])];
      if (x == null || y == null) return (x == null) - (y == null) || a - b;
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1) || a - b;
    });
    body.append(...order.map((i) => lines[i]));
    heads.forEach((head, i) => head.setAttribute('aria-sort', i !== by ? 'none' : down ? 'descending' : 'ascending'));
    say(`Sorted by ${columns[by].title}, ${down ? 'descending' : 'ascending'}`);
  }
  body.append(...lines);
  const table = make('table', {}, make('caption', {class: 'spoken'}, caption), make('thead', {}, make('tr', {}, ...heads)), body);
  const frame = make('div', {class: height ? 'scroll' : 'scroll free', tabindex: '0', role: 'region', 'aria-label': caption}, table);
  if (!filter || rows.length < 12) return frame;
  const found = make('span', {class: 'found', role: 'status'}, `${rows.length} rows`);
  const input = make('input', {type: 'search', placeholder: 'Filter, e.g. ring 1 MiB', 'aria-label': 'Filter rows', oninput: () => {
    // A number with its unit is a whole cell, anything else a part of one.
    const wanted = input.value.toLowerCase();
    const cells = wanted.match(/\d[\d.,]*\s+[kmgtp]?i?b\b/g) || [];
    const parts = cells.reduce((rest, cell) => rest.replace(cell, ' '), wanted).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const line of lines) {
      const content = [...line.children].map((cell) => cell.textContent.toLowerCase());
      line.hidden = !(cells.every((cell) => content.includes(cell.replace(/\s+/, ' '))) && parts.every((part) => content.some((cell) => cell.includes(part))));
      shown += !line.hidden;
    }
    found.textContent = `${shown} of ${rows.length} rows`;
  }});
  return make('div', {}, make('div', {class: 'controls'}, input, found), frame);
}
