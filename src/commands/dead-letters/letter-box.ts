// The dead letters of a running pipeline, for the console: read from its files, redriven beside it.

import type { LoadedPipeline } from "../../config/load.ts";
import type {
  LetterBox,
  LetterGroups,
  LetterQuery,
  RedriveChoice,
  WholeLetter,
} from "../../console/letter-box.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import type { Run } from "../../engine/run.ts";
import { UsageError } from "../exit-code.ts";
import { ConsoleRedrive } from "./console-redrive.ts";
import { letterFilter } from "./filter.ts";
import { type Segment, segmentsOfPipeline } from "./find-segments.ts";
import { bodyOf, NotALetter } from "./letter.ts";
import { newestLetters } from "./newest.ts";
import { type FoundLetter, readLetters } from "./read-letters.ts";
import { MarksSeen } from "./marks-seen.ts";
import { lockFolders } from "./redrive-lock.ts";
import { redrivenKeys } from "./redriven.ts";
import { showBody } from "./show-body.ts";
import { group } from "./stats.ts";

/** Of the newest files: a person waits for the answer, and a pipeline runs beside it. */
const MAX_READ_BYTES = 64 * 1024 * 1024;
const MAX_SHOWN_TEXT = 64 * 1024;

export interface LetterBoxParts {
  /** With live destinations and enablement. */
  readonly pipeline: LoadedPipeline;
  readonly run: Run;
  readonly log: Logger;
}

export function letterBox(parts: LetterBoxParts): LetterBox {
  const { pipeline } = parts;
  const marks = new MarksSeen(pipeline, systemClock);
  let last: ConsoleRedrive | undefined;
  return {
    newest: (query: LetterQuery) => inFiles(() => newestLetters(pipeline, query)),
    groups: () => inFiles(() => groupsOf(pipeline)),
    one: (place) => inFiles(() => letterAt(pipeline, place)),
    marksVersion: () => marks.version(),
    lastRedrive: () => last?.view(),
    async redrive(choice) {
      if (last?.view().state === "running")
        throw new RunError(
          "redrive-running",
          "A redrive of this pipeline is under way; wait until it has ended.",
        );
      last = await inFiles(() => begin(parts, choice));
      return last.view();
    },
    async close() {
      await last?.stop();
    },
  };
}

async function begin({ pipeline, run, log }: LetterBoxParts, choice: RedriveChoice): Promise<ConsoleRedrive> {
  const segments = await segmentsOfPipeline(pipeline);
  const unlock = choice.dryRun ? async () => {} : await lockFolders(segments, systemClock);
  const now = () => new Date(systemClock.wallMs());
  return new ConsoleRedrive({ pipeline, run, log, segments, choice, unlock, now });
}

async function groupsOf(pipeline: LoadedPipeline): Promise<LetterGroups> {
  const all = await segmentsOfPipeline(pipeline);
  const segments = newestOf(all);
  return { groups: await group(await lettersIn(segments, pipeline)), isPart: segments.length < all.length };
}

async function letterAt(pipeline: LoadedPipeline, place: string): Promise<WholeLetter | undefined> {
  const all = await segmentsOfPipeline(pipeline);
  const segments = all.filter(({ name }) => place.startsWith(`${name}:`));
  for await (const found of await lettersIn(segments, pipeline)) {
    if (`${found.segment.name}:${found.line}` !== place) continue;
    const { body: _, ...letter } = found.letter;
    return { place, state: found.state, letter, body: shown(found) };
  }
  return undefined;
}

async function lettersIn(
  segments: readonly Segment[],
  { name }: LoadedPipeline,
): Promise<AsyncGenerator<FoundLetter>> {
  // A line that cannot be read is the command line's to report; here it is left out.
  const damaged = () => undefined;
  const redriven = await redrivenKeys(segments, damaged);
  return readLetters({ segments, filter: letterFilter({ pipelineName: [name] }), redriven, damaged });
}

function shown({ letter }: FoundLetter): WholeLetter["body"] {
  try {
    const body = bodyOf(letter);
    const { kind, text } = showBody(body, letter.writerSchema);
    const isLong = text.length > MAX_SHOWN_TEXT;
    return { bytes: body.length, kind, text: isLong ? `${text.slice(0, MAX_SHOWN_TEXT)}\n…` : text };
  } catch (error) {
    if (!(error instanceof NotALetter)) throw error;
    return { bytes: 0, kind: "nothing", text: error.message };
  }
}

function newestOf(segments: readonly Segment[]): readonly Segment[] {
  let bytes = 0;
  const from = segments.findLastIndex((segment) => {
    bytes += segment.bytes;
    return bytes > MAX_READ_BYTES;
  });
  return segments.slice(from + 1);
}

/** Kept elsewhere than in files: there is nothing to show, and the message says where they are. */
async function inFiles<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UsageError) throw new RunError("dead-letters-elsewhere", error.message);
    throw error;
  }
}
