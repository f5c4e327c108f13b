// `sluice tap`: asks the running process for values and prints them.

import { inspect, styleText } from "node:util";

import type { TapState, TapValue } from "../../live/shapes/tap.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { listen } from "../local/ask.ts";
import { findProcess, pipelineName } from "../local/find-process.ts";
import type { TapCommandOptions } from "../tap.ts";

export async function tap(options: TapCommandOptions): Promise<ExitCode> {
  const { n, stage, where } = options;
  if (n !== undefined && !(Number.isInteger(n) && n > 0))
    throw new UsageError(`--n takes a whole number above 0, not ${n}`);
  const found = await findProcess(options);
  const query = new URLSearchParams({ pipeline: pipelineName(found, options.pipeline) });
  if (stage !== undefined) query.set("stage", stage);
  if (where !== undefined) query.set("where", where);
  if (n !== undefined) query.set("n", String(n));
  const stop = new AbortController();
  const leave = () => stop.abort();
  process.once("SIGINT", leave).once("SIGTERM", leave);
  // `sluice tap … | head` ends when nobody reads any more.
  process.stdout.once("error", leave);
  const isPretty = (options.format ?? (process.stdout.isTTY ? "pretty" : "json")) === "pretty";
  let state: TapState | undefined;
  try {
    for await (const { event, data } of listen(found.socket, `/api/v2/tap?${query}`, stop.signal)) {
      if (event === "value") print(data, isPretty);
      else state = JSON.parse(data) as TapState;
      if (event === "end") break;
    }
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
  if (isPretty && state) process.stderr.write(`${summary(state)}\n`);
  return exitCode.done;
}

function print(json: string, isPretty: boolean): void {
  if (!isPretty) {
    process.stdout.write(`${json}\n`);
    return;
  }
  const { at, stage, id, attempt, destination, value } = JSON.parse(json) as TapValue;
  const colors = process.stdout.isTTY && !process.env["NO_COLOR"];
  const again = attempt > 1 ? `  attempt ${attempt}` : "";
  const head = `${at.slice(11, 23)}  ${stage}  ${id}${destination === undefined ? "" : `  → ${destination}`}${again}`;
  // The inspector writes control characters of values as escapes, so that none reaches the terminal.
  const shown = inspect(value, {
    colors,
    depth: 12,
    breakLength: 100,
    maxStringLength: 2_000,
    maxArrayLength: 100,
  });
  process.stdout.write(
    `${colors ? styleText("bold", plain(head), { validateStream: false }) : plain(head)}\n${shown}\n\n`,
  );
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

function summary({ seen, looked, matched, failed, sent, dropped }: TapState): string {
  const notes = [
    failed > 0 ? `the expression failed for ${failed}` : "",
    dropped > 0 ? `${dropped} more were not sent` : "",
  ].filter((note) => note !== "");
  return [`${sent} shown; ${seen} came by, ${looked} were looked at, ${matched} matched`, ...notes].join(
    "; ",
  );
}
