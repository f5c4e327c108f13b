import type { Argv } from "yargs";

import { exitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

export function emulateCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "emulate <service>",
    "Run a local Pub/Sub or a local Segment on its own",
    (yargs) =>
      yargs
        .positional("service", {
          choices: ["pubsub", "segment"] as const,
          demandOption: true,
          describe: "Which",
        })
        .option("port", {
          type: "number",
          describe: "Port; the default is 8085 for pubsub, 8088 for segment",
        })
        .option("host", { type: "string", default: "127.0.0.1", describe: "Address to listen on" })
        .option("topic", { type: "string", describe: "pubsub: make this topic, projects/P/topics/T" })
        .option("subscription", {
          type: "string",
          implies: "topic",
          describe: "pubsub: and this subscription of it, projects/P/subscriptions/S",
        })
        .option("ackDeadlineSeconds", {
          alias: "ack-deadline-seconds",
          type: "number",
          default: 60,
          describe: "pubsub: acknowledgement deadline of that subscription",
        })
        .option("controlPort", {
          alias: "control-port",
          type: "number",
          describe: "pubsub: serve inspection and faults over HTTP on this loopback port; 0: any free one",
        })
        .option("eventsPerSecond", {
          alias: "events-per-second",
          type: "number",
          describe: "segment: answer 429 above this rate; the default is no limit",
        })
        .option("requestsPerSecond", {
          alias: "requests-per-second",
          type: "number",
          describe: "segment: answer 429 above this rate; the default is no limit",
        })
        .option("ledger", {
          type: "number",
          describe:
            "Ids remembered for inspection: segment /ids.ndjson (none unless asked), pubsub /ids (a million)",
        })
        .example(
          "$0 emulate pubsub",
          "Any Google client finds it through PUBSUB_EMULATOR_HOST=127.0.0.1:8085",
        )
        .example(
          "$0 emulate segment",
          "Any Segment library finds it through its host setting; the page shows the last events",
        ),
    async (options) => {
      const { onStopSignal } = await import("./signals.ts");
      const server = await (options.service === "pubsub" ? pubsub(options) : segment(options));
      await new Promise<void>((resolve) => onStopSignal(() => resolve()));
      await server.close();
      process.exitCode = exitCode.done;
    },
  );
}

interface Listen {
  readonly port: number | undefined;
  readonly host: string;
}

interface PubSubOptions extends Listen {
  readonly topic: string | undefined;
  readonly subscription: string | undefined;
  readonly ackDeadlineSeconds: number;
  readonly controlPort: number | undefined;
  readonly ledger: number | undefined;
}

interface SegmentOptions extends Listen {
  readonly eventsPerSecond: number | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly ledger: number | undefined;
}

async function pubsub(options: PubSubOptions): Promise<{ close(): Promise<void> }> {
  const { port = 8085, host, topic, subscription, ackDeadlineSeconds, controlPort, ledger } = options;
  const [{ startPubSub }, { startControlPort }] = await Promise.all([
    import("../emulators/pubsub/start-pubsub.ts"),
    import("../emulators/pubsub/control-port.ts"),
  ]);
  const server = await startPubSub({
    port,
    host,
    ...(ledger === undefined ? {} : { limits: { rememberedIds: ledger } }),
  });
  if (topic !== undefined) server.createTopic(topic);
  if (topic !== undefined && subscription !== undefined)
    server.createSubscription({ name: subscription, topic, ackDeadlineSeconds });
  const control =
    controlPort === undefined ? undefined : await startControlPort(server, { port: controlPort });
  if (control) process.stdout.write(`control port: ${control.url}\n`);
  process.stdout.write(
    `local Pub/Sub is ready; use it with\nexport PUBSUB_EMULATOR_HOST=${server.address}\n`,
  );
  return {
    close: async () => {
      await Promise.all([control?.close(), server.close()]);
    },
  };
}

async function segment(options: SegmentOptions): Promise<{ close(): Promise<void> }> {
  const { port = 8088, host, eventsPerSecond, requestsPerSecond, ledger = 0 } = options;
  const { startSegment } = await import("../emulators/segment/emulator.ts");
  const server = await startSegment({
    port,
    host,
    ledgerMaxIds: ledger,
    rates: {
      ...(eventsPerSecond === undefined ? {} : { events: eventsPerSecond }),
      ...(requestsPerSecond === undefined ? {} : { requests: requestsPerSecond }),
    },
  });
  process.stdout.write(`local Segment is ready; its debugger page and base URL:\n${server.url}\n`);
  return server;
}
