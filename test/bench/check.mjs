// `make bench-check`: fails when a backfill costs much more than its floor, measured in turns on this very machine.
// By CPU time, which a busy neighbour inflates for both alike, and with a generous margin: it is there to notice that
// something became several times slower, not to measure. A first answer that fails is asked again, with more rounds.

import { ownAndFloor } from "./benchmarks/backfill-http.mjs";
import { pairedRatio } from "./harness/statistics.mjs";

const LEAST = 0.5;
const EVENTS = 300_000;
const ROUNDS = [3, 7];

const say = (text) => process.stderr.write(`  ${text}\n`);
let ratio = 0;
for (const repeats of ROUNDS) {
  ratio = pairedRatio(...(await ownAndFloor({ events: EVENTS, repeats, say })));
  console.log(`sluice backfill: ${ratio.toFixed(2)} × the packed floor by CPU time (at least ${LEAST})`);
  if (ratio >= LEAST) break;
}
process.exitCode = ratio >= LEAST ? 0 : 1;
