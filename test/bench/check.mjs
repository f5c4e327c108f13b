// `make bench-check`: fails when a backfill costs much more than its floor, measured in turns on this very machine.
// By CPU time, which a busy neighbour inflates for both alike, and with a generous margin: it is there to notice that
// something became several times slower, not to measure.

import { run } from "./benchmarks/backfill-http.mjs";
import { pairedRatio } from "./harness/statistics.mjs";

const LEAST = 0.5;
const { rows } = await run({ quick: true, repeats: 3, say: (text) => process.stderr.write(`  ${text}\n`) });
const row = rows.find(
  ({ variant, figure }) => variant === "sluice backfill" && figure === "events/CPU second",
);
const ratio = pairedRatio(row.values, row.against.values);
console.log(`sluice backfill: ${ratio.toFixed(2)} × the packed floor by CPU time (at least ${LEAST})`);
process.exitCode = ratio >= LEAST ? 0 : 1;
