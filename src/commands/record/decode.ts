// The bodies of records as export events: by the pipeline's own stages up to the one that decodes.

import type { LoadedPipeline } from "../../config/load.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { startJob } from "../job.ts";
import { collector } from "../test/collector.ts";
import { GivenSource } from "../test/given-source.ts";
import type { GivenRecord } from "../test/given-records.ts";

export interface Decoded {
  readonly events: readonly unknown[];
  /** How many records could not be decoded. */
  readonly broken: number;
}

/** Its index among the transforms. Throws when the pipeline has no stage that makes export events. */
export function decodingStage({ transforms }: LoadedPipeline): number {
  const index = transforms.findIndex(({ definition }) => definition.emits === "export-event");
  if (index < 0) throw new Error("the pipeline has no stage that decodes export events");
  return index;
}

/** Throws when the pipeline has no stage that makes export events. */
export async function decode(
  pipeline: LoadedPipeline,
  given: readonly GivenRecord[],
  log: Logger,
): Promise<Decoded> {
  const last = decodingStage(pipeline);
  const events: unknown[] = [];
  let broken = 0;
  const { run } = await startJob(
    {
      ...pipeline,
      transforms: pipeline.transforms.slice(0, last + 1),
      sinks: [{ ...collector, name: "recording", when: undefined }],
      deadLetters: {
        ...pipeline.deadLetters,
        ...collector,
        window: { size: given.length + 1, max: given.length },
      },
    },
    {
      log,
      wrapSource: () => new GivenSource(given, systemClock),
      observer: {
        delivered: (_, items) => {
          for (const { text } of items) events.push(JSON.parse(text) as unknown);
        },
        deadLettered: () => {
          broken += 1;
        },
      },
    },
  );
  const { error } = await run.done;
  if (error) throw error;
  return { events, broken };
}
