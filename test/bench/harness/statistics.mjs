// What is printed of repeated measurements: the median, for it ignores the odd disturbed run; the range, for it
// shows how much to believe; ratios taken round by round, for neighbouring runs share their disturbances.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The median of a[i] / b[i]: measurements of the same round stand at the same index. */
export function pairedRatio(a, b) {
  return median(a.map((value, round) => value / b[round]));
}
