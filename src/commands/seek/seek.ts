// `sluice seek`: tells what would come again, asks, and moves the subscription.

import type { LoadedPipeline } from "../../config/load.ts";
import { toError } from "../../engine/errors.ts";
import { StoredMarks } from "../../marks/stored-marks.ts";
import { SubscriptionAdmin } from "../../sources/pubsub/admin.ts";
import type { PubSubSourceConfig } from "../../sources/pubsub/config.ts";
import type { DedupeConfig } from "../../transforms/dedupe.ts";
import { confirm } from "../destinations/ask.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { loadOrExplain } from "../load.ts";
import { marksPlace } from "../marks-options.ts";
import { planSeek, type SeekTarget } from "./plan.ts";

export interface SeekOptions {
  readonly pipeline: string;
  readonly to: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rateStore?: string | undefined;
}

const SNAPSHOT_NAME = /^(?:projects\/[^/]+\/snapshots\/)?[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;
const RELATIVE = /^(\d+)(m|h|d)$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export async function seek(options: SeekOptions): Promise<ExitCode> {
  const loaded = await loadOrExplain([options.pipeline]);
  const pipeline = loaded?.[0];
  if (!pipeline) return exitCode.invalidInput;
  const source = sourceOf(pipeline);
  const admin = await SubscriptionAdmin.connect({ ...source, endpoint: source.endpoint });
  let marks: StoredMarks | undefined;
  try {
    const place = marksPlace(options, process.env);
    marks = place && (await StoredMarks.connect(place));
    return await seekWith({ admin, marks }, source, pipeline, options);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`${source.subscription}: ${pipeline.scrubber.scrub(toError(error).message)}\n`);
    return exitCode.failed;
  } finally {
    marks?.close();
    admin.close();
  }
}

interface Moved {
  readonly admin: SubscriptionAdmin;
  readonly marks: StoredMarks | undefined;
}

async function seekWith(
  { admin, marks }: Moved,
  source: PubSubSourceConfig,
  pipeline: LoadedPipeline,
  { to, yes, dryRun }: SeekOptions,
): Promise<ExitCode> {
  const nowMs = Date.now();
  const target = await targetOf(to, source.subscription, admin, nowMs);
  const memory = { windowsMs: windowsOf(pipeline), marks: marks && (await marks.facts()) };
  const { lines, refusal } = planSeek(target, await admin.facts(), nowMs, memory);
  process.stdout.write(`${source.subscription} (pipeline ${pipeline.name})\n\n`);
  const width = Math.max(...lines.map(([what]) => what.length));
  for (const [what, text] of lines) process.stdout.write(`  ${what.padEnd(width)}  ${text}\n`);
  process.stdout.write(`\n  Stop the pipeline first, or restart it after: a running process remembers what it acknowledged
  lately (rememberAcked: ${source.rememberAcked}) and would not send that again.\n\n`);
  if (refusal !== undefined) {
    process.stderr.write(`${refusal}\n`);
    return exitCode.failed;
  }
  if (dryRun) return exitCode.done;
  if (!(yes || (await confirm("This cannot be undone.", "--yes")))) {
    process.stderr.write("Nothing was changed.\n");
    return exitCode.failed;
  }
  // Before the move: what comes again at once would still find its mark.
  await marks?.forget();
  await admin.seek(target.kind === "time" ? target.atMs : target.name);
  process.stdout.write("Done. Pub/Sub takes up to a minute to deliver accordingly.\n");
  return exitCode.done;
}

/** How long each `dedupe` stage remembers. */
function windowsOf({ transforms }: LoadedPipeline): number[] {
  return transforms.flatMap(({ definition, config }) =>
    definition.type === "dedupe" ? [(config as DedupeConfig).windowMs] : [],
  );
}

function sourceOf({ source, name }: LoadedPipeline): PubSubSourceConfig {
  if (source.definition.type !== "pubsub") {
    throw new UsageError(`${name} reads ${source.definition.type}, not Pub/Sub: there is nothing to seek`);
  }
  return source.config as PubSubSourceConfig;
}

async function targetOf(
  to: string,
  subscription: string,
  admin: SubscriptionAdmin,
  nowMs: number,
): Promise<SeekTarget> {
  const relative = RELATIVE.exec(to);
  if (relative) {
    const unit = UNIT_MS[relative[2] as keyof typeof UNIT_MS];
    return { kind: "time", atMs: nowMs - Number(relative[1]) * unit };
  }
  const atMs = /^\d{4}-/.test(to) ? Date.parse(to) : Number.NaN;
  if (Number.isFinite(atMs)) return { kind: "time", atMs };
  if (!SNAPSHOT_NAME.test(to) || /^\d/.test(to)) {
    throw new UsageError(
      `--to takes a time (2026-11-23T08:00:00Z), how long ago (90m, 6h, 2d) or a snapshot, not ${JSON.stringify(to)}`,
    );
  }
  const project = subscription.split("/").slice(0, 2).join("/");
  const name = to.includes("/") ? to : `${project}/snapshots/${to}`;
  return { kind: "snapshot", name, facts: await admin.snapshot(name) };
}
