// The limit in the real program, with always more to send: what of it is used, the fullest sliding second, and how the
// program follows a Segment-shaped server that allows a third for a while. The rate is judged by the clock of the server
// that receives; what was sent by the program's clock (`sentAt` of each request) stands beside it.

import { setTimeout as sleep } from "node:timers/promises";

import { eventsFile } from "../harness/inputs.mjs";
import { core, folder, heard, launch, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { mainScript } from "../harness/product.mjs";

export const summary =
  "sluice run with a backlog, against a Segment-shaped server; 60 s at each rate, then a limit that falls to a third for 20 s.";

const RATES = [900, 5_000];
const LOWERED = 900;
const WARM_MS = 3_000;
const FALL_MS = 20_000;
/** So long may it take until what is allowed is used again. */
const BACK_MS = 5_000;

/** A job is killed at its end, which the next in its folder would take for a crash. */
let serial = 0;

const TRIED =
  "Requests that may have arrived late count longer; what is allowed is measured after a 429. NOTES.md has what a busy machine costs.";

export async function run({ quick, say }) {
  const seconds = quick ? 10 : 60;
  const rows = [];
  const targets = [];
  for (const rate of RATES) {
    const { used, fullest, sent, throttled } = await steady(rate, seconds, say);
    const variant = `${rate.toLocaleString("en-US")} events/s`;
    rows.push({ variant, figure: "% of the rate used", values: [used] });
    rows.push({ variant, figure: "most events in a sliding second, as received", values: [fullest] });
    rows.push({ variant, figure: "the same, as sent", values: [sent] });
    rows.push({ variant, figure: "answers 429", values: [throttled] });
    targets.push({
      what: `the program at ${variant}, ${seconds} s`,
      target: "≥ 99 % used, never over in any second at the receiver, no 429",
      values: [used],
      unit: "%",
      ratio: `fullest second ${((fullest / rate) * 100).toFixed(1)} % of the rate; ${throttled} × 429`,
      met: used >= 99 && fullest <= rate && throttled === 0,
      tried: TRIED,
    });
  }
  const fall = await lowered(say);
  rows.push({ variant: "limit falls to a third", figure: "answers 429", values: [fall.throttled] });
  rows.push({ variant: "limit falls to a third", figure: "% used then", values: [fall.usedLow] });
  rows.push({ variant: "limit back", figure: "% used", values: [fall.usedBack] });
  targets.push(
    {
      what: "limit a third for 20 s",
      target: "≤ 3 answers 429",
      values: [fall.throttled],
      unit: "answers",
      met: fall.throttled <= 3,
      tried: TRIED,
    },
    {
      what: "limit a third for 20 s, used from 5 s on",
      target: "≥ 95 % of what is allowed",
      values: [fall.usedLow],
      unit: "%",
      met: fall.usedLow >= 95,
      tried: TRIED,
    },
    {
      what: "5 s after the whole limit is back",
      target: "≥ 95 % of what is allowed",
      values: [fall.usedBack],
      unit: "%",
      met: fall.usedBack >= 95,
      tried: TRIED,
    },
  );
  return { rows, targets };
}

/** One rate for so long, from the program's fourth second on. */
export async function steady(rate, seconds, say) {
  const { requests, fromMs } = await record(rate, say, (segment) => observe(segment, seconds));
  const found = judged(requests, fromMs, seconds, rate);
  say(
    `${rate} events/s: ${found.used.toFixed(2)} % used, fullest second ${found.fullest} received, ${found.sent} sent, ${found.throttled} answers 429`,
  );
  return found;
}

async function record(rate, say, work) {
  const count = rate * 80;
  const { path: file } = await eventsFile(Math.max(count, 60_000), 1, say);
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub.mjs", { count, file }),
    serve("servers/segment-clocked.mjs", {}),
  ]);
  const pipeline = writePipeline(folder, `live-limiter-${serial++}`, {
    subscription: pubsub.subscription,
    endpoint: `http://127.0.0.1:${segment.port}`,
    eventsPerSecond: rate,
  });
  const job = launch(mainScript, ["run", pipeline, "--log-level", "error"], {
    on: core.measured,
    env: { PUBSUB_EMULATOR_HOST: pubsub.address, BENCH_WRITE_KEY: WRITE_KEY },
    expect: ["SIGKILL"],
  });
  try {
    while ((await reportOf(segment)).requests.length === 0) await sleep(100);
    await sleep(WARM_MS);
    return await Promise.race([work(segment), job.ended]);
  } finally {
    await stop(job.child, job.ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}

async function reportOf(segment) {
  segment.child.send({ ask: "report" });
  return (await heard(segment.child, (message) => "report" in message)).report;
}

async function observe(segment, seconds) {
  const { nowMs } = await reportOf(segment);
  await sleep(seconds * 1000 + 500);
  return { requests: (await reportOf(segment)).requests, fromMs: nowMs };
}

function judged(requests, fromMs, seconds, rate) {
  const inTime = requests.filter(([atMs]) => atMs - fromMs < seconds * 1000);
  const came = inTime.reduce((sum, [, events]) => sum + events, 0);
  return {
    used: (came / (rate * seconds)) * 100,
    fullest: fullestSecond(requests),
    sent: fullestSecond(requests.map(([, events, , sentMs]) => [sentMs, events])),
    throttled: requests.filter(([, , status]) => status === 429).length,
  };
}

function fullestSecond(requests) {
  const sorted = requests.toSorted(([a], [b]) => a - b);
  let most = 0;
  let inSecond = 0;
  let first = 0;
  for (const [atMs, events] of sorted) {
    inSecond += events;
    while (sorted[first][0] <= atMs - 1000) inSecond -= sorted[first++][1];
    most = Math.max(most, inSecond);
  }
  return most;
}

export async function lowered(say) {
  const low = LOWERED / 3;
  const found = await record(LOWERED, say, async (segment) => {
    segment.child.send({ ask: "limit", perSecond: low });
    const { nowMs: fellMs } = await reportOf(segment);
    await sleep(FALL_MS);
    segment.child.send({ ask: "limit", perSecond: 0 });
    const { requests: during, nowMs: backMs } = await reportOf(segment);
    await sleep(BACK_MS + 10_000);
    const { requests: after } = await reportOf(segment);
    const accepted = (requests, from, to) =>
      requests
        .filter(([atMs, , status]) => status === 200 && atMs >= from && atMs < to)
        .reduce((sum, [, events]) => sum + events, 0) /
      ((to - from) / 1000);
    return {
      throttled: [...during, ...after].filter(([, , status]) => status === 429).length,
      usedLow: (accepted(during, fellMs + BACK_MS, backMs) / low) * 100,
      usedBack: (accepted(after, backMs + BACK_MS, backMs + BACK_MS + 10_000) / LOWERED) * 100,
    };
  });
  say(`a third for 20 s: ${JSON.stringify(found)}`);
  return found;
}
