// What an operator may meet, and the alerts that must tell of it. Each fault lasts until its alerts have fired, then it
// is mended, and the alerts must be over.

import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Ground, PROJECT } from "./ground.ts";

export interface Fault {
  /** In the words of the report. */
  readonly what: string;
  readonly alerts: readonly string[];
  /** Harms, waits for the signal, mends. */
  readonly last: (ground: Ground, over: AbortSignal) => Promise<void>;
}

/** Longer than a lease (ackDeadlineSeconds). */
const FROZEN_MS = 12_000;

const ended = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Again and again until it is over. */
async function again(over: AbortSignal, everyMs: number, what: () => unknown): Promise<void> {
  while (!over.aborted) {
    await what();
    await sleep(everyMs);
  }
}

/** The environment file gets one more line and the service is restarted, and back. */
async function withNodeOptions(ground: Ground, over: AbortSignal, options: string): Promise<void> {
  const { unit, variables } = ground.parts;
  await unit.setVariables({ ...variables, NODE_OPTIONS: options });
  await unit.restart();
  await ended(over);
  await unit.setVariables(variables);
  await unit.restart();
}

const preload = (name: string) =>
  `--import=${fileURLToPath(new URL(`preload/${name}.mjs`, import.meta.url))}`;

export const destinationRefuses: Fault = {
  what: "Segment answers 401 to everything",
  alerts: ["SluiceDestinationDown", "SluiceBacklogAging"],
  last: async ({ parts: { segment } }, over) => {
    segment.inject({ action: { kind: "status", status: 401 } });
    await ended(over);
    segment.clearFaults();
  },
};

/** The longest first. */
export const faults: readonly Fault[] = [
  {
    what: "half as much again as the rate limit is published",
    alerts: ["SluiceRateLimitBound", "SluiceEventLag"],
    last: async (ground, over) => {
      ground.traffic = Ground.RATE * 1.5;
      await ended(over);
      ground.traffic = Ground.USUAL_TRAFFIC;
    },
  },
  {
    what: "the process is stopped for longer than its leases, again and again (SIGSTOP)",
    alerts: ["SluiceDown", "SluiceLeasesExpired", "SluiceRedeliveries"],
    last: async ({ parts: { segment, unit } }, over) => {
      // So that there is something in hand when it stops.
      segment.inject({ action: { kind: "answer" }, delayMs: 3_000 });
      // Twice within the range of the rules: leases end only when it goes on.
      await again(over, 4_000, async () => {
        unit.signal("SIGSTOP");
        await sleep(FROZEN_MS);
        unit.signal("SIGCONT");
      });
      segment.clearFaults();
    },
  },
  {
    what: "Segment answers 503 to four requests in ten",
    alerts: ["SluiceRetries"],
    last: async ({ parts: { segment } }, over) => {
      segment.inject({ action: { kind: "status", status: 503 }, percent: 40 });
      await ended(over);
      segment.clearFaults();
    },
  },
  destinationRefuses,
  {
    what: "the definition on disk is changed to one that is invalid, and `systemctl reload`",
    alerts: ["SluiceReloadRefused"],
    last: async ({ pipelineFile, parts: { unit } }, over) => {
      const text = await readFile(pipelineFile, "utf8");
      await writeFile(pipelineFile, text.replace("type: filter-enabled", "type: filter-unable"));
      unit.reload();
      await ended(over);
      await writeFile(pipelineFile, text);
    },
  },
  {
    what: "a `dedupe` stage with room for too few keys is added to the definition, and taken up",
    alerts: ["SluiceKeysForgotten"],
    last: async ({ pipelineFile }, over) => {
      const text = await readFile(pipelineFile, "utf8");
      const stage = "  - { type: dedupe, on: segment-event, maxKeys: 100 }\n";
      await writeFile(pipelineFile, text.replace(/^sink:/m, `${stage}\nsink:`));
      await ended(over);
      await writeFile(pipelineFile, text);
    },
  },
  {
    what: "the disk of the dead letters is full, and a message in twenty is no event",
    alerts: ["SluiceDeadLettersBlocked"],
    last: async (ground, over) => {
      const free = ground.fillDeadLetterDisk();
      ground.garbage = true;
      await ended(over);
      ground.garbage = false;
      await free();
    },
  },
  {
    what: "a message in twenty is no event",
    alerts: ["SluiceDeadLetterRate"],
    last: async (ground, over) => {
      ground.garbage = true;
      await ended(over);
      ground.garbage = false;
    },
  },
  {
    what: "connections to Pub/Sub are refused",
    alerts: ["SluiceSourceClosed"],
    last: async ({ parts: { toPubSub } }, over) => {
      await toPubSub.refuse();
      await ended(over);
      await toPubSub.accept();
    },
  },
  {
    what: "nothing is published any more",
    alerts: ["SluiceIntakeSilent"],
    last: async (ground, over) => {
      ground.traffic = 0;
      await ended(over);
      ground.traffic = Ground.USUAL_TRAFFIC;
    },
  },
  {
    what: "Pub/Sub answers INTERNAL to three in ten acknowledgements",
    alerts: ["SluiceAckFailures"],
    last: async ({ parts: { pubsub } }, over) => {
      pubsub.faults.apply({ rpcs: [{ rpc: "Acknowledge", status: "INTERNAL", probability: 0.3 }] });
      await ended(over);
      pubsub.faults.clear();
    },
  },
  {
    what: "an event of a topic schema not seen before, and the schema cannot be fetched (UNAVAILABLE)",
    alerts: ["SluiceValuesHeld"],
    last: async (ground, over) => {
      ground.parts.pubsub.faults.apply({ rpcs: [{ rpc: "GetSchema", status: "UNAVAILABLE" }] });
      ground.publishWithSchema(`${PROJECT}/schemas/export-event`);
      await ended(over);
      ground.parts.pubsub.faults.clear();
    },
  },
  {
    what: "Redis is killed, and started again",
    alerts: ["SluiceRateStoreDown"],
    last: async ({ parts: { redis } }, over) => {
      await redis?.kill();
      await ended(over);
      await redis?.start();
    },
  },
  {
    what: "a mistake in a transform: it throws on one event in twenty (planted)",
    alerts: ["SluiceStageBug"],
    last: (ground, over) => withNodeOptions(ground, over, preload("bug")),
  },
  {
    what: "the processor is taken away for 400 ms of every second (SIGSTOP, SIGCONT)",
    alerts: ["SluiceEventLoopSlow"],
    last: ({ parts: { unit } }, over) =>
      again(over, 600, async () => {
        unit.signal("SIGSTOP");
        await sleep(400);
        unit.signal("SIGCONT");
      }),
  },
  {
    what: "a leak (planted) fills a heap of 512 MB",
    alerts: ["SluiceHeapHigh"],
    last: (ground, over) => withNodeOptions(ground, over, `--max-old-space-size=512 ${preload("leak")}`),
  },
  {
    what: "the process is killed again and again (SIGKILL)",
    alerts: ["SluiceRestarting"],
    last: ({ parts: { unit } }, over) => again(over, 2_000, () => unit.kill()),
  },
];
