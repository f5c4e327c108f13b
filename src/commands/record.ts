import type { Argv } from "yargs";

import { looksSecret } from "../config/references.ts";
import { exitCode, type ExitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Recorded } from "./record/record.ts";
import type { GivenRecord } from "./test/given-records.ts";

const MOST_RECORDS = 1_000;

interface RecordOptions extends GlobalOptions {
  readonly pipeline: string;
  readonly n: number;
  readonly out: string | undefined;
  readonly from: string | undefined;
  readonly fromSubscription: boolean;
  readonly waitSeconds: number;
  readonly pid: number | undefined;
  readonly redact: readonly string[] | undefined;
}

export function recordCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "record <pipeline>",
    "Make a test of real events, personal data replaced",
    (yargs) =>
      yargs
        .positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" })
        .option("n", { type: "number", default: 20, describe: `How many records; at most ${MOST_RECORDS}` })
        .option("out", {
          type: "string",
          describe: "The test file; <pipeline>.recorded.test.yaml when absent",
        })
        .option("from", {
          type: "string",
          describe: "Files to take them from, as for a backfill: a path or a glob",
        })
        .option("fromSubscription", {
          alias: "from-subscription",
          type: "boolean",
          default: false,
          describe:
            "Take them from the pipeline's own source and give every one back: nothing is acked, but each counts a delivery attempt",
        })
        .option("waitSeconds", {
          alias: "wait-seconds",
          type: "number",
          default: 30,
          describe: "How long to wait for them, unless they come from files",
        })
        .option("pid", { type: "number", describe: "Which process, when several run the pipeline" })
        .option("redact", {
          type: "string",
          array: true,
          describe: "Further paths to replace, such as event.data.card; * stands for any member",
        })
        .example("$0 record pipelines/mine.yaml", "From the process that runs it, as events come by")
        .example("$0 record pipelines/mine.yaml --from 'archive/*.ndjson'", "From files")
        .example(
          "$0 record pipelines/mine.yaml --from-subscription --n 50",
          "From a subscription nobody else reads, or one that bears another delivery attempt",
        )
        .epilogue(
          "Names, e-mail and IP addresses, keys of contexts, their attributes, tokens and query strings are replaced, the same text by the same pseudonym. Exit codes: 0 written and it passes, 1 failed, 2 invalid.",
        ),
    async (argv) => {
      process.exitCode = await run(argv);
    },
  );
}

async function run(options: RecordOptions): Promise<ExitCode> {
  const { pipeline: file, n, from, fromSubscription, redact = [], logLevel } = options;
  if (!Number.isInteger(n) || n < 1 || n > MOST_RECORDS)
    throw new UsageError(`--n is a whole number from 1 to ${MOST_RECORDS}`);
  if (from !== undefined && fromSubscription)
    throw new UsageError("--from and --from-subscription exclude each other");
  const [{ loadOrExplain }, { placeholderSecrets }, { record, recordDecoded }, { createLog }] =
    await Promise.all([
      import("./load.ts"),
      import("./placeholder-secrets.ts"),
      import("./record/record.ts"),
      import("./logger.ts"),
    ]);
  // What the test needs is what the pipeline looks up without its source; secrets get a placeholder there.
  const used = new Map<string, string>();
  const env = placeholderSecrets(noting(process.env, used));
  const replaceSource = { option: "--from", value: { type: "memory", values: [] } };
  const [ours] = (await loadOrExplain([file], { env, replaceSource })) ?? [];
  const needed = Object.fromEntries(used);
  const [pipeline] = (fromSubscription ? await loadOrExplain([file], { env }) : [ours]) ?? [];
  if (!ours || !pipeline) return exitCode.invalidInput;
  const log = await createLog({
    level: logLevel,
    pretty: process.stderr.isTTY,
    scrubbers: [pipeline.scrubber],
  });
  const out = options.out ?? `${file.replace(/\.ya?ml$/, "")}.recorded.test.yaml`;
  const recording = { out, paths: redact, env: needed, log };
  const wanted = { count: n, waitMs: options.waitSeconds * 1_000 };
  let recorded: Recorded;
  if (from !== undefined) recorded = await record(pipeline, await fromFiles(from, n), recording);
  else if (fromSubscription) {
    const { borrow } = await import("./record/borrow.ts");
    recorded = await record(pipeline, await borrow(pipeline, wanted, log), recording);
  } else {
    const { fromTap } = await import("./record/from-tap.ts");
    const decoded = await fromTap(pipeline, { ...wanted, file, pid: options.pid });
    recorded = await recordDecoded(pipeline, decoded, recording);
  }
  const { events, broken } = recorded;
  process.stdout.write(
    `wrote ${out}: ${events} events${broken > 0 ? `, ${broken} records that cannot be decoded left out` : ""}; it passes\n`,
  );
  return exitCode.done;
}

async function fromFiles(pattern: string, count: number): Promise<GivenRecord[]> {
  const { readEntries } = await import("./test/given-records.ts");
  const entries = await readEntries(pattern, process.cwd(), count);
  return entries.map((one) => ({ ...one, attempt: 1, times: 1, atMs: undefined }));
}

/** Notes each variable that is looked up and set, unless it is named like a secret. */
function noting(
  env: Readonly<Record<string, string | undefined>>,
  used: Map<string, string>,
): Readonly<Record<string, string | undefined>> {
  return new Proxy(env, {
    get(target, name) {
      if (typeof name !== "string") return undefined;
      const value = target[name];
      if (value !== undefined && value !== "" && !looksSecret(name)) used.set(name, value);
      return value;
    },
  });
}
