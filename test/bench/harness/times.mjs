// Times that travel in the ids of events, and what the delays were.

const DIGITS = 16;
const MARK = "published-at-";

/** Microseconds of the monotonic clock of the system, as an id that can be found among other bytes. */
export function publishTime() {
  return `${MARK}${String(process.hrtime.bigint() / 1000n).padStart(DIGITS, "0")}`;
}

/** Adds the delay in ms of each event whose id stands in `bytes` behind `before`. */
export function delaysIn(bytes, before, delays) {
  const needle = Buffer.from(`${before}${MARK}`);
  const now = Number(process.hrtime.bigint() / 1000n);
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) {
    const from = at + needle.length;
    delays.push((now - Number(bytes.latin1Slice(from, from + DIGITS))) / 1000);
  }
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function spread(delays) {
  const sorted = Float64Array.from(delays).sort();
  return { count: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
