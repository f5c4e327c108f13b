// The floor: the same calls in one loop, with nothing between them.

import { BATCH, passThrough, recordsInMemory, TEXT } from "./engine-records.mjs";
import { warmThenTimed } from "./timed.mjs";

const count = { settled: 0 };
const records = recordsInMemory(count);
const stages = [passThrough, passThrough, passThrough];

await warmThenTimed(Number(process.argv[2]), async (n) => {
  count.settled = 0;
  let batch = [];
  for (let i = 0; i < n; i++) {
    const record = records[i % records.length];
    let value = record.body;
    for (const stage of stages) value = stage(value);
    batch.push({ record, value, bytes: Buffer.byteLength(TEXT) });
    if (batch.length < BATCH) continue;
    await undefined; // The write.
    for (const item of batch) item.record.settle();
    batch = [];
  }
  for (const item of batch) item.record.settle();
  if (count.settled !== n) throw new Error(`${count.settled} settled of ${n}`);
});
