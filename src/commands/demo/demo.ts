// The quick start: both local servers, sample events, and the shipped pipeline between them, in one process.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { startPubSub } from "../../emulators/pubsub/start-pubsub.ts";
import { startSegment } from "../../emulators/segment/emulator.ts";
import { sleep, systemClock } from "../../engine/clock.ts";
import { allOf } from "../../engine/observers.ts";
import { type DemoOptions, SHIPPED_PIPELINE } from "../demo.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { startJob } from "../job.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { onStopSignal } from "../signals.ts";
import { summaryTable } from "../summary.ts";
import { type DemoConsole, demoConsole } from "./demo-console.ts";
import { LastEvents } from "./last-events.ts";
import { createTopic, publishSamples, SUBSCRIPTION } from "./sample-topic.ts";
import { LiveView } from "./live-view.ts";

const SECONDS_OFF_TERMINAL = 15;
const DEMO_WRITE_KEY = "demo-write-key-of-the-local-segment";

export async function demo(options: DemoOptions): Promise<ExitCode> {
  const pubsub = await startPubSub();
  const segment = await startSegment({ rates: { events: 1000, requests: 1000 } });
  let console: DemoConsole | undefined;
  process.env["PUBSUB_EMULATOR_HOST"] = pubsub.address;
  process.env["METADATA_SERVER_DETECTION"] = "none"; // There is none; looking for it takes a second.
  try {
    createTopic(pubsub);
    const loaded = await loadOrExplain([pipelineFile(options.pipeline)], {
      env: {
        ...process.env,
        SLUICE_SUBSCRIPTION: SUBSCRIPTION,
        SEGMENT_WRITE_KEY: DEMO_WRITE_KEY,
        SEGMENT_ENDPOINT: segment.url,
      },
    });
    const pipeline = loaded?.[0];
    if (!pipeline) return exitCode.invalidInput;

    const { source, transforms, sinks } = pipeline;
    const stages = [source, ...transforms, ...sinks].map(({ definition }) => definition.type);
    const view = new LiveView({
      pubsub: pubsub.address,
      segment: segment.url,
      pipeline: pipeline.name,
      stages,
    });
    const log = await createLog({
      level: options.logLevel,
      pretty: process.stderr.isTTY,
      scrubbers: [pipeline.scrubber],
      write: view.writeLog,
    });
    const last = new LastEvents();
    const startedAt = performance.now();
    console = await demoConsole(pipeline, options.console, log);
    const job = await startJob(console.live, { log, observer: allOf(last, console.observer) });
    const { run, metrics } = job;
    console.show(job);
    view.say(`Console: ${console.url}`);
    const over = new AbortController();
    const stop = () => {
      over.abort();
      run.stop();
    };
    const release = onStopSignal((signal) => {
      view.say(`${signal}: draining what is in flight (once more exits at once)`);
      stop();
    });
    view.start({ run, metrics, last, published: publishSamples(pubsub, options, over.signal) });
    const seconds = options.seconds ?? (process.stdout.isTTY ? undefined : SECONDS_OFF_TERMINAL);
    if (seconds !== undefined) void sleep(systemClock, seconds * 1000, over.signal).then(stop);
    const result = await run.done;
    over.abort();
    release();
    view.stop();
    const elapsedMs = performance.now() - startedAt;
    process.stdout.write(
      `${summaryTable({ metrics, elapsedMs, gaveBack: result.gaveBack, title: pipeline.name })}\n`,
    );
    if (result.error) process.stderr.write(`${result.error.message}\n`);
    if (result.state === "failed") return exitCode.failed;
    return result.gaveBack > 0 ? exitCode.gaveBack : exitCode.done;
  } finally {
    await console?.close();
    await Promise.all([pubsub.close(), segment.close()]);
  }
}

/** The shipped file is found wherever the package is installed; any other from where the user stands. */
function pipelineFile(option: string): string {
  if (option !== SHIPPED_PIPELINE || existsSync(option)) return option;
  return fileURLToPath(new URL(`../../../${SHIPPED_PIPELINE}`, import.meta.url));
}
