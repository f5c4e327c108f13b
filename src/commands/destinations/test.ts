import Table from "cli-table3";

import { type TestKind, testKinds, type TestReport, TestSender } from "../../console/test-sender.ts";
import { NoSuchDestination } from "../../destinations/destination-keeper.ts";
import { systemClock } from "../../engine/clock.ts";
import { shortText } from "../dead-letters/plain-text.ts";
import type { DestinationOptions } from "../destinations.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { createLog } from "../logger.ts";
import { show, withStore } from "./with-store.ts";

/**
 * The rate limit is one of this process: what a pipeline elsewhere sends at the same time does not count. A console
 * beside the pipeline shares its limit.
 */
export async function testDestination(
  options: DestinationOptions & { readonly id: string; readonly kind?: readonly TestKind[] | undefined },
): Promise<ExitCode> {
  return withStore(options, async ({ destinations, scrubber }) => {
    const destination = destinations.live(options.id);
    if (!destination) throw new NoSuchDestination(options.id);
    const log = await createLog({
      level: options.logLevel,
      pretty: process.stderr.isTTY,
      scrubbers: [scrubber],
    });
    const sender = new TestSender({ clock: systemClock, log, reserve: () => undefined });
    const report = await sender.send(destination, [...new Set(options.kind ?? testKinds)]);
    show(options, report, () => text(report));
    return report.results.every(({ outcome }) => outcome === "accepted") ? exitCode.done : exitCode.failed;
  });
}

function text({ results, unsaid, whereToLook }: TestReport): string {
  const rows = new Table({
    head: ["kind", "outcome", "status", "ms", "messageId", "what was said"],
    style: { head: [], border: [] },
  });
  for (const { kind, outcome, status, latencyMs, messageId, message } of results)
    rows.push([kind, outcome, status ?? "", latencyMs ?? "", messageId ?? "", shortText(message, 80)]);
  return [
    rows.toString(),
    "What a 2xx does not tell:",
    ...unsaid.map((one) => `  - ${one}`),
    whereToLook,
  ].join("\n");
}
