// Loaded before the program: it keeps more and more, until 86 % of the heap is in use, and then what keeps it there.
import { getHeapStatistics } from "node:v8";

const PART = 0.86;
const kept = [];

setInterval(() => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used < limit * PART) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
}, 50).unref();
