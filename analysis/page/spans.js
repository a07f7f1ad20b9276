// The spans of a trace: unpacked into columns, and found by time.

const lanes = ['compute', 'send', 'receive', 'waiting', 'device'];

/** Columns as analysis/page/page.hpp describes them. */
async function unpack(trace) {
  const text = atob(trace.packed);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const buffer = await new Response(stream).arrayBuffer();
  const n = trace.spans, tick = trace.end_s / 4294967295;
  let offset = 0;
  const column = (Type) => { const array = new Type(buffer, offset, n); offset += n * Type.BYTES_PER_ELEMENT; return array; };
  const steps = column(Uint32Array), durations = column(Uint32Array), waits = column(Uint32Array);
  const amounts = column(Float32Array), flows = column(Uint32Array);
  const ranks = column(Uint16Array), peers = column(Uint16Array), kinds = column(Uint8Array);
  const begin = new Float64Array(n), end = new Float64Array(n), latest = new Float64Array(n);
  const first = new Int32Array(trace.ranks * lanes.length + 1).fill(-1);
  let at = 0, lane = -1;
  for (let i = 0; i < n; ++i) {
    at = (at + steps[i]) >>> 0;
    begin[i] = at * tick;
    end[i] = (at + durations[i]) * tick;
    const here = ranks[i] * lanes.length + kinds[i];
    latest[i] = here === lane ? Math.max(latest[i - 1], end[i]) : end[i];
    if (here !== lane) { first[here] = i; lane = here; }
  }
  first[trace.ranks * lanes.length] = n;
  for (let i = trace.ranks * lanes.length - 1; i >= 0; --i) if (first[i] < 0) first[i] = first[i + 1];
  return new Spans(trace, {begin, end, latest, first, waits, amounts, flows, ranks, peers, kinds, tick});
}

class Spans {
  constructor(trace, columns) {
    Object.assign(this, columns);
    this.trace = trace;
    this.length = trace.spans;
    this.partners = null;
  }
  /** The first span of a lane that ends after a time. */
  after(rank, lane, seconds) {
    let low = this.begins(rank, lane), high = this.last(rank, lane);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.latest[middle] > seconds) high = middle; else low = middle + 1;
    }
    return low;
  }
  begins(rank, lane) { return this.first[rank * lanes.length + lane]; }
  last(rank, lane) { return this.first[rank * lanes.length + lane + 1]; }
  /** The shortest span of a lane at a time, or the nearest within `slack`; -1 if there is none. */
  find(rank, lane, seconds, slack) {
    let best = -1, distance = Infinity;
    for (let i = this.after(rank, lane, seconds - slack); i < this.last(rank, lane) && this.begin[i] <= seconds + slack; ++i) {
      const inside = this.begin[i] <= seconds && seconds <= this.end[i];
      const far = inside ? (this.end[i] - this.begin[i]) * 1e-9 : Math.min(Math.abs(this.begin[i] - seconds), Math.abs(this.end[i] - seconds));
      if (this.end[i] >= seconds - slack && far < distance) { distance = far; best = i; }
    }
    return best;
  }
  /** The other end of a message; -1 if there is none. */
  partner(i) {
    if (this.kinds[i] !== 1 && this.kinds[i] !== 2 || !this.flows[i]) return -1;
    if (!this.partners) {
      this.partners = [new Map(), new Map()];
      for (let k = 0; k < this.length; ++k) if (this.flows[k]) this.partners[this.kinds[k] === 1 ? 0 : 1].set(this.flows[k], k);
    }
    return this.partners[this.kinds[i] === 1 ? 1 : 0].get(this.flows[i]) ?? -1;
  }
  name(i) {
    return [() => this.trace.kernels[this.peers[i]], () => 'send to ' + this.peers[i], () => 'receive from ' + this.peers[i],
      () => (this.trace.simulated ? 'waiting' : 'waiting or own code'), () => this.trace.kernels[this.peers[i]] + ' on the device'][this.kinds[i]]();
  }
  describe(i) {
    const lines = [`rank ${this.ranks[i]}: ${this.name(i)}`, `${time(this.end[i] - this.begin[i])} from ${time(this.begin[i], 6)}`];
    if (this.kinds[i] === 1 || this.kinds[i] === 2) lines.push(bytes(this.amounts[i]) + (this.end[i] > this.begin[i] && this.amounts[i] ? ` at ${rate(this.amounts[i] / (this.end[i] - this.begin[i]))}` : ''));
    const waited = this.waits[i] * this.tick;
    if (waited > 0 && this.kinds[i] !== 3) lines.push(`${this.kinds[i] ? 'waited for the other side' : 'queued'} ${time(waited)}`);
    return lines;
  }
  /** Totals by name: kernels, messages, waiting. */
  totals() {
    const all = new Map();
    for (let i = 0; i < this.length; ++i) {
      const kernel = this.kinds[i] === 0 || this.kinds[i] === 4, name = kernel ? this.trace.kernels[this.peers[i]] : lanes[this.kinds[i]];
      const key = this.kinds[i] + name, sum = all.get(key) || {name, lane: this.kinds[i], count: 0, seconds: 0, longest: 0, bytes: 0};
      const duration = this.end[i] - this.begin[i];
      ++sum.count;
      sum.seconds += duration;
      sum.longest = Math.max(sum.longest, duration);
      sum.bytes += this.kinds[i] === 1 || this.kinds[i] === 2 ? this.amounts[i] : 0;
      all.set(key, sum);
    }
    return [...all.values()].sort((a, b) => a.lane - b.lane || b.seconds - a.seconds);
  }
}
