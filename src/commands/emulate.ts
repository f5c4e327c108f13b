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
        .example(
          "$0 emulate pubsub",
          "Any Google client finds it through PUBSUB_EMULATOR_HOST=127.0.0.1:8085",
        )
        .example(
          "$0 emulate segment",
          "Any Segment library finds it through its host setting; the page shows the last events",
        ),
    async ({ service, port, host }) => {
      const { onStopSignal } = await import("./signals.ts");
      const server = await (service === "pubsub" ? pubsub(port ?? 8085, host) : segment(port ?? 8088, host));
      await new Promise<void>((resolve) => onStopSignal(() => resolve()));
      await server.close();
      process.exitCode = exitCode.done;
    },
  );
}

async function pubsub(port: number, host: string): Promise<{ close(): Promise<void> }> {
  const { startPubSub } = await import("../emulators/pubsub/start-pubsub.ts");
  const server = await startPubSub({ port, host });
  process.stdout.write(
    `local Pub/Sub is ready; use it with\nexport PUBSUB_EMULATOR_HOST=${server.address}\n`,
  );
  return server;
}

async function segment(port: number, host: string): Promise<{ close(): Promise<void> }> {
  const { startSegment } = await import("../emulators/segment/emulator.ts");
  const server = await startSegment({ port, host });
  process.stdout.write(`local Segment is ready; its debugger page and base URL:\n${server.url}\n`);
  return server;
}
