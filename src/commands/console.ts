// The console beside running pipelines: where it listens, and the view of this process that it gets.

import type { Console } from "../console/server.ts";
import type { ConsolePipeline } from "../console/console-world.ts";
import type { SeenFlags } from "../console/seen-flags.ts";
import type { LiveProcess } from "../live/live-process.ts";
import type { LoadedPipeline } from "../config/load.ts";
import { listed } from "../destinations/enablement.ts";
import { LaunchDarklyEnablement } from "../destinations/launchdarkly/enablement.ts";
import { systemClock } from "../engine/clock.ts";
import type { Enablement, Logger } from "../engine/contracts.ts";
import { productVersion } from "../sinks/segment/product-version.ts";
import { type Address, addressOf } from "./address.ts";
import type { ConsoleOptions } from "./console-options.ts";
import { lazyLetterBox } from "./dead-letters/lazy-letter-box.ts";
import type { Job } from "./job.ts";
import type { Environment, OpenStore } from "./settings-store.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8787;

/** `host:port`, `[::1]:port`, a host, or a port. Throws UsageError. */
export function consoleAddress(text: string): Address {
  return addressOf("--console", text, { host: DEFAULT_HOST, port: DEFAULT_PORT });
}

export interface ConsoleParts {
  readonly options: ConsoleOptions;
  readonly open: OpenStore;
  readonly log: Logger;
  readonly seenFlags: SeenFlags;
  readonly live: LiveProcess;
  readonly pipelines: () => readonly ConsolePipeline[];
}

/** Undefined: none is asked for. Throws UsageError and what `startConsole` throws. */
export async function consoleFor(
  parts: ConsoleParts,
  env: Environment = process.env,
): Promise<Console | undefined> {
  const { options, open, log, seenFlags, live, pipelines } = parts;
  if (options.console === undefined) return undefined;
  const address = consoleAddress(options.console);
  const [{ startConsole }, { TestSender }] = await Promise.all([
    import("../console/server.ts"),
    import("../console/test-sender.ts"),
  ]);
  const testSender = new TestSender({
    clock: systemClock,
    log,
    reserve: (destination, bytes, signal) => {
      for (const { run, usesDestinations } of pipelines()) {
        const granted = usesDestinations ? run.reserve(destination, bytes, signal) : undefined;
        if (granted) return granted;
      }
      return undefined;
    },
  });
  const token = env["SLUICE_CONSOLE_TOKEN"] || undefined;
  if (token !== undefined) open.scrubber.add(token);
  const console = await startConsole(
    { ...address, token, names: options.consoleName ?? [] },
    {
      version: productVersion(),
      clock: systemClock,
      log,
      destinations: open.destinations,
      enablement: open.enablement,
      seenFlags,
      live,
      testSender,
      pipelines,
    },
  );
  log.info({ url: console.url, token: token === undefined ? "none" : "asked for" }, "console is listening");
  const close = async () => {
    await console.close();
    await Promise.all(pipelines().map((pipeline) => pipeline.letterBox.close()));
  };
  return { url: console.url, close };
}

/** `own`: as it was loaded; `live`: with the store's destinations and enablement. */
export function consolePipeline(
  own: LoadedPipeline,
  live: LoadedPipeline,
  { run, metrics }: Job,
  log: Logger,
): ConsolePipeline {
  return {
    name: own.name,
    file: own.file,
    run,
    metrics,
    usesDestinations: own.sinks.some(({ definition }) => definition.accepts === "segment-event"),
    declared: own.destinations,
    destinations: live.destinations,
    enablement: listed(own.enablement),
    polled: polledOf(own.enablement),
    letterBox: lazyLetterBox(async () => {
      const { letterBox } = await import("./dead-letters/letter-box.ts");
      return letterBox({ pipeline: live, run, log });
    }),
    lettersAbout: async (id) => {
      const { lettersAbout } = await import("./dead-letters/about.ts");
      return lettersAbout(own, id);
    },
  };
}

function polledOf(enablement: Enablement): ConsolePipeline["polled"] {
  if (!(enablement instanceof LaunchDarklyEnablement)) return undefined;
  return () => {
    const { ageMs, failedPolls: failures } = enablement;
    return ageMs === undefined ? { failures } : { ageMs: Math.round(ageMs), failures };
  };
}
