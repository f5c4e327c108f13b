// Loaded with --import and --expose-gc: every ten seconds, after a forced collection, a line `heap SECONDS MIB` to stderr.

const EVERY_MS = 10_000;
const startedAt = performance.now();

setInterval(() => {
  globalThis.gc();
  const seconds = (performance.now() - startedAt) / 1000;
  process.stderr.write(
    `heap ${seconds.toFixed(1)} ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(4)}\n`,
  );
}, EVERY_MS).unref();
