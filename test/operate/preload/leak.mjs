// Loaded before the program: it keeps more and more, until 84 % of the heap is in use, and then what keeps it there.
// The limit is that of the old and the young generation together (48 MiB): a small heap would be full before.
import { getHeapStatistics } from "node:v8";

const PART = 0.84;
const kept = [];

setInterval(() => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used < limit * PART) kept.push(Array.from({ length: 200_000 }, (_, i) => i + 0.5));
}, 50).unref();
