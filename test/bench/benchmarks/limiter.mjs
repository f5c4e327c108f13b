// The limiter on a virtual clock: how much of the rate is used in a minute, and the fullest second of it.

import { load } from "../harness/product.mjs";

export const summary =
  "60 virtual seconds with always more to send, timers up to 2 ms late: what was used, and the most in any sliding second.";

const SECONDS = 60;
const RATES = [1, 37, 900, 5_000];
const EVENT_BYTES = 600;

export async function run() {
  const rows = [];
  const targets = [];
  for (const rate of RATES) {
    const sent = await saturate(rate);
    const used = (sent.reduce((sum, { events }) => sum + events, 0) / (rate * SECONDS)) * 100;
    const worst = fullestSecond(sent);
    const variant = `${rate.toLocaleString("en-US")} events/s`;
    rows.push({ variant, figure: "% of the rate used", values: [used] });
    rows.push({ variant, figure: "most events in a second", values: [worst] });
    targets.push({
      what: `limiter at ${variant}`,
      target: "≥ 99 % used, never over in any second",
      values: [used],
      unit: "%",
      ratio: `fullest second ${((worst / rate) * 100).toFixed(1)} % of the rate`,
      met: used >= 99 && worst <= rate,
    });
  }
  return { rows, targets };
}

/** What was let through, and when. */
async function saturate(rate) {
  const { Limiter } = await load("engine/limiter.js");
  const { VirtualClock } = await load("engine/virtual-clock.js");
  const { POSITIVE_INFINITY: none } = Number;
  const clock = new VirtualClock();
  const limiter = new Limiter(clock, { events: rate, requests: none, bytes: none }, EVENT_BYTES);
  const sent = [];
  let late = 0;
  const pump = () => {
    for (let { events } = limiter.room(); events >= 1; events = limiter.room().events) {
      limiter.spend(events, events * EVENT_BYTES);
      sent.push({ atMs: clock.nowMs(), events });
    }
    late = (late + 0.7) % 2;
    clock.after(Math.max(0.01, limiter.waitMs(EVENT_BYTES)) + late, pump);
  };
  pump();
  await clock.advance(SECONDS * 1000 - 1e-6);
  return sent;
}

function fullestSecond(sent) {
  let most = 0;
  let inSecond = 0;
  let first = 0;
  for (const { atMs, events } of sent) {
    inSecond += events;
    while (sent[first].atMs <= atMs - 1000) inSecond -= sent[first++].events;
    most = Math.max(most, inSecond);
  }
  return most;
}
