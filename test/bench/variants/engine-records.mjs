// What all variants of the engine benchmark work on: records in memory, three transforms that pass values through,
// an encoding that costs nothing, a sink that resolves at once.

const BODY = Buffer.alloc(180, "b");
export const TEXT = "t".repeat(500);
export const passThrough = (value) => value;
export const BATCH = 1_000;

/** `settle` is called for each record; `count.settled` proves it. */
export function recordsInMemory(count) {
  const settle = () => {
    count.settled += 1;
  };
  return Array.from({ length: 100_000 }, (_, i) => ({
    id: `memory#${i}`,
    body: BODY,
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
    settle,
  }));
}
