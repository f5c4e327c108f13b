// Whether a reason for a slope is the whole reason. A reason says what the cost grows with: cost = a + b · growsWith(at). The
// two numbers are fitted to the points, by relative squares; what is then left between formula and points is not explained.

/** `points`: [{ at, cost }], two or more. Yields the largest part of a point's cost that the formula misses; 1 when it does not grow. */
export function unexplained(points, growsWith) {
  const all = points.map(({ at, cost }) => ({ x: growsWith(at), cost, weight: 1 / cost ** 2 }));
  const sum = (of) => all.reduce((total, one) => total + one.weight * of(one), 0);
  const [one, x, y] = [sum(() => 1), sum((p) => p.x), sum((p) => p.cost)];
  const [xx, xy] = [sum((p) => p.x * p.x), sum((p) => p.x * p.cost)];
  const growth = (one * xy - x * y) / (one * xx - x * x);
  if (!(growth > 0)) return 1;
  const fixed = (y - growth * x) / one;
  return Math.max(...all.map((p) => Math.abs(p.cost - fixed - growth * p.x) / p.cost));
}
