// Twenty minutes of an operator: the deployed program under load, one fault after the other, each alert seen to fire
// and to be over. `make operate` runs it and writes RESULTS.md.

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, it, onTestFinished } from "vitest";

import { redisPrograms } from "../support/redis.ts";
import { type Fault, faults } from "./faults.ts";
import { Ground } from "./ground.ts";
import { type FaultPlayed, play } from "./play.ts";
import { missingTools } from "./prometheus.ts";

/** 15 minutes of a rule are 30 seconds here. */
const TIMES_FASTER = 30;
const CALM_MS = 30_000;
/** Faults are played on so many services at a time, each with a world of its own. */
const SERVICES = 2;
/** Of each: twenty minutes together. */
const LEAST_MS = 10 * 60_000;
/** SLUICE_OPERATE_ONLY=Heap: faults of such alerts only, and no report. */
const only = process.env["SLUICE_OPERATE_ONLY"];
const chosen = faults.filter(({ alerts }) => only === undefined || alerts.join(" ").match(only));
const PATIENCE = { fireMs: 120_000, clearMs: 240_000 };

interface Service {
  readonly played: readonly FaultPlayed[];
  /** What fired in the calm before the first fault and after the last. */
  readonly inTheCalm: readonly string[];
  readonly tookMs: number;
}

/** One deployed service: takes fault after fault from the queue that all share. */
async function operate(queue: Fault[], rateStore: string | undefined): Promise<Service> {
  const ground = await Ground.open({ timesFaster: TIMES_FASTER, rateStore });
  onTestFinished(() => ground.close());
  const startedAt = performance.now();
  const { history } = ground.parts.prometheus;
  await sleep(CALM_MS);
  const inTheCalm = [...history];
  const played: FaultPlayed[] = [];
  for (let fault = queue.shift(); fault; fault = queue.shift()) {
    const one = await play(ground, fault, PATIENCE);
    process.stderr.write(`${minutes(performance.now() - startedAt)} min: ${JSON.stringify(one)}\n`);
    played.push(one);
  }
  const before = history.length;
  const left = only === undefined ? LEAST_MS - (performance.now() - startedAt) : 0;
  await sleep(Math.max(CALM_MS, left));
  inTheCalm.push(...history.slice(before));
  const tookMs = performance.now() - startedAt;
  return { played, inTheCalm: [...new Set(inTheCalm.map(({ alert }) => alert))], tookMs };
}

it("has every alert fire once and be over, on the deployed program's own metrics", {
  timeout: 60 * 60_000,
}, async () => {
  expect(missingTools, "Debian: apt-get install prometheus").toEqual([]);
  const [rateStore] = redisPrograms;
  const queue = [...chosen];
  const services = await Promise.all(Array.from({ length: SERVICES }, () => operate(queue, rateStore)));
  if (only === undefined) await writeFile("test/operate/RESULTS.md", await report(services, rateStore));
  const all = services.flatMap(({ played }) => played.flatMap(({ alerts }) => alerts));
  expect(
    all.filter(({ clearedAfter }) => clearedAfter === undefined),
    "quiet, or not over",
  ).toEqual([]);
  expect(
    services.flatMap(({ inTheCalm }) => inTheCalm),
    "without a fault",
  ).toEqual([]);
});

function shown(seconds: number | undefined): string {
  return seconds === undefined ? "**no**" : seconds.toFixed(1);
}

function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1);
}

async function report(services: readonly Service[], rateStore: string | undefined): Promise<string> {
  const count = (await readFile("deploy/prometheus/alerts.yaml", "utf8")).match(/- alert: /g)?.length;
  const order = faults.map(({ what }) => what);
  const played = services
    .flatMap((service) => service.played)
    .toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
  const rows = played.flatMap(({ what, alerts, others }) =>
    alerts.map(
      ({ alert, firedAfter, clearedAfter }) =>
        `| ${alert} | ${what} | ${shown(firedAfter)} | ${shown(clearedAfter)} | ${others.join(", ") || "–"} |`,
    ),
  );
  const over = played.flatMap(({ alerts }) => alerts).filter((one) => one.clearedAfter !== undefined).length;
  const calm = services.flatMap(({ inTheCalm }) => inTheCalm);
  const took = services.map(({ tookMs }) => minutes(tookMs)).join(" and ");
  return `# Twenty minutes of an operator

Made by \`make operate\` on ${new Date().toISOString().slice(0, 10)} (${cpus().length} cores, Node ${process.versions.node}, ${rateStore}); not to be edited.

The unit that \`sluice deploy systemd\` writes for the shipped pipeline was applied to local processes: its command, variables, environment
file, reload and restart rules, without systemd and its sandbox. Two such services ran side by side, for ${took} minutes, each with a local
Pub/Sub, a local Segment, a store for its rate and a Prometheus of its own. The pipeline has leases of 10 s, a probe every 5 s and a rate of
${Ground.RATE} events/s; ${Ground.USUAL_TRAFFIC} events/s were published all the time. Prometheus scraped the process every second and evaluated
\`deploy/prometheus/alerts.yaml\` (checked by promtool first) **with every time in it divided by ${TIMES_FASTER}**: \`for\`, ranges, offsets and the two
thresholds that are times; so 15 minutes are ${900 / TIMES_FASTER} s, and the unit's \`RestartSec\` is shorter in the same way. All other thresholds are the
shipped ones. Each fault lasted until its alerts fired; then it was mended, and no alert was left before the next.

${over} of ${count} alerts fired and were over. Without a fault (${CALM_MS / 1_000} s before the first and after the last), ${calm.join(", ") || "none"} fired.

| alert | fault | fired after, s | over after mending, s | what fired besides |
|---|---|--:|--:|---|
${rows.join("\n")}
`;
}
