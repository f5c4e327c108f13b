// Twenty minutes of an operator: the deployed program under load, one fault after the other, each alert seen to fire
// and to be over. `make operate` runs it and writes RESULTS.md.

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, it, onTestFinished } from "vitest";

import { redisPrograms } from "../support/redis.ts";
import { faults } from "./faults.ts";
import { Ground } from "./ground.ts";
import { type FaultPlayed, play } from "./play.ts";
import { missingTools } from "./prometheus.ts";

/** 15 minutes of a rule are 30 seconds here. */
const TIMES_FASTER = 30;
const CALM_MS = 45_000;
const WHOLE_MS = 20 * 60_000;
/** SLUICE_OPERATE_ONLY=Heap: faults of such alerts only, and no report. */
const only = process.env["SLUICE_OPERATE_ONLY"];
const chosen = faults.filter(({ alerts }) => only === undefined || alerts.join(" ").match(only));
const PATIENCE = { fireMs: 240_000, clearMs: 300_000 };

it(
  "has every alert fire once and be over, on the deployed program's own metrics",
  async () => {
    expect(missingTools, "Debian: apt-get install prometheus").toEqual([]);
    const [rateStore] = redisPrograms;
    const ground = await Ground.open({ timesFaster: TIMES_FASTER, rateStore });
    onTestFinished(() => ground.close());
    const startedAt = performance.now();
    await sleep(CALM_MS);
    expect(ground.parts.prometheus.history, "without a fault").toEqual([]);
    const played: FaultPlayed[] = [];
    for (const fault of chosen) {
      const one = await play(ground, fault, PATIENCE);
      process.stderr.write(`${minutes(startedAt)} min: ${JSON.stringify(one)}\n`);
      played.push(one);
    }
    if (only !== undefined) return;
    const fired = ground.parts.prometheus.history.length;
    await sleep(Math.max(CALM_MS, WHOLE_MS - (performance.now() - startedAt)));
    expect(ground.parts.prometheus.history.slice(fired), "after the last fault").toEqual([]);
    await writeFile("test/operate/RESULTS.md", await report(played, minutes(startedAt), rateStore));
  },
  60 * 60_000,
);

function minutes(startedAt: number): string {
  return ((performance.now() - startedAt) / 60_000).toFixed(1);
}

async function report(
  played: readonly FaultPlayed[],
  took: string,
  rateStore: string | undefined,
): Promise<string> {
  const count = (await readFile("deploy/prometheus/alerts.yaml", "utf8")).match(/- alert: /g)?.length;
  const rows = played.flatMap(({ what, alerts, others }) =>
    alerts.map(
      ({ alert, firedAfter, clearedAfter }) =>
        `| ${alert} | ${what} | ${firedAfter.toFixed(1)} | ${clearedAfter.toFixed(1)} | ${others.join(", ") || "–"} |`,
    ),
  );
  return `# Twenty minutes of an operator

Made by \`make operate\` on ${new Date().toISOString().slice(0, 10)} (${cpus().length} cores, Node ${process.versions.node}, ${rateStore}); not to be edited. It took ${took} minutes.

The unit that \`sluice deploy systemd\` writes for the shipped pipeline was applied to a local process: its command, variables, environment
file, reload and restart rules, without systemd and its sandbox. The pipeline has leases of 10 s, a probe every 5 s and a rate of
${Ground.RATE} events/s; ${Ground.USUAL_TRAFFIC} events/s were published all the time to a local Pub/Sub, and a local Segment took them. A Prometheus server scraped the
process every second and evaluated \`deploy/prometheus/alerts.yaml\` (checked by promtool first) **with every time in it divided by ${TIMES_FASTER}**: \`for\`,
ranges, offsets and the two thresholds that are times; so 15 minutes are ${900 / TIMES_FASTER} s, and the unit's \`RestartSec\` is shorter in the same way. All other
thresholds are the shipped ones. Each fault lasted until its alerts fired; then it was mended, and no alert was left before the next.

All ${rows.length} of ${count} alerts fired and were over. None fired in the first ${CALM_MS / 1_000} s, nor after the last.

| alert | fault | fired after, s | over after mending, s | what fired besides |
|---|---|--:|--:|---|
${rows.join("\n")}
`;
}
