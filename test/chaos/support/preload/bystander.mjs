// Works for one millisecond of twenty, about as much as a program under the soak's load: a process that only sleeps
// would be woken before those that work, and not see how late they are.
const BUSY_MS = 1;
const EVERY_MS = 20;

setInterval(() => {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
}, EVERY_MS);
