// Dead letters about one id: a message's, an event's or a Segment messageId. Bodies are raw, JSON or Avro; in both an id
// stands as its own bytes.

import type { LoadedPipeline } from "../../config/load.ts";
import type { LettersFound } from "../../live/trace-search.ts";
import type { TraceLetter } from "../../live/shapes/trace.ts";
import { UsageError } from "../exit-code.ts";
import { letterFilter } from "./filter.ts";
import { type Segment, segmentsOfPipeline } from "./find-segments.ts";
import { readLetters } from "./read-letters.ts";
import { redrivenKeys } from "./redriven.ts";

/** Of the newest segments; a person waits for the answer. */
const MAX_SEARCHED_BYTES = 64 * 1024 * 1024;
const MOST_LETTERS = 50;
/** Shorter texts are in every body by chance. */
const SHORTEST_IN_BODY = 6;

/** The newest ones, oldest first. */
export async function lettersAbout(pipeline: LoadedPipeline, id: string): Promise<LettersFound> {
  const all = await segmentsOfPipeline(pipeline).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined;
    throw error;
  });
  if (!all) return { letters: [], searched: "none" };
  const segments = newest(all);
  const damaged = () => undefined;
  const filter = letterFilter({ pipelineName: [pipeline.name] });
  const redriven = await redrivenKeys(segments, damaged);
  const needle = Buffer.from(id, "utf8");
  const letters: TraceLetter[] = [];
  for await (const { letter, segment, line, state } of readLetters({ segments, filter, redriven, damaged })) {
    const { stage, code, message, failedAt, destination, body } = letter;
    const inBody = id.length >= SHORTEST_IN_BODY && Buffer.from(body, "base64").includes(needle);
    if (letter.id !== id && !inBody && !message.includes(id)) continue;
    letters.push({
      pipeline: pipeline.name,
      place: `${segment.name}:${line}`,
      id: letter.id,
      stage,
      code,
      message,
      failedAt,
      ...(destination === undefined ? {} : { destination }),
      state,
    });
    if (letters.length > MOST_LETTERS) letters.shift();
  }
  return { letters, searched: segments.length === all.length ? "all" : "newest" };
}

function newest(segments: readonly Segment[]): readonly Segment[] {
  let bytes = 0;
  let from = segments.length;
  while (from > 0 && bytes + segments[from - 1]!.bytes <= MAX_SEARCHED_BYTES) {
    from -= 1;
    bytes += segments[from]!.bytes;
  }
  return segments.slice(from);
}
