// One measurement inside a variant's own process: wall time and CPU, printed as the line that the benchmark reads.

export async function timed(work) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
}

/** Once to warm up, once for the figures. `work(n)` does n records. */
export async function warmThenTimed(n, work) {
  await work(Math.min(n, 200_000));
  console.log(JSON.stringify({ records: n, ...(await timed(() => work(n))) }));
}
