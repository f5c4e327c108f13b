// Runs variants in turns, A B A B …, so that whatever else the machine does meets all of them alike.

/**
 * `variants`: `{ name, run() }`, where `run` yields one sample: an object of numbers. The first `warmups` rounds
 * are thrown away. Yields a Map: name -> { figure -> numbers, one a round }.
 */
export async function compare(variants, { warmups = 1, repeats, say }) {
  const samples = new Map(variants.map(({ name }) => [name, {}]));
  for (let round = 0; round < warmups + repeats; round++) {
    for (const { name, run } of variants) {
      const sample = await run();
      const kept = round >= warmups;
      const figures = Object.entries(sample).map(([figure, value]) => `${figure} ${shown(value)}`);
      say(`${kept ? `round ${round - warmups + 1}/${repeats}` : "warm-up"}  ${name}: ${figures.join(", ")}`);
      if (!kept) continue;
      const all = samples.get(name);
      for (const [figure, value] of Object.entries(sample)) {
        all[figure] ??= [];
        all[figure].push(value);
      }
    }
  }
  return samples;
}

export function shown(value) {
  if (!Number.isFinite(value)) return "n/a";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
