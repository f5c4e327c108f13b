import type { LoadedPipeline } from "../../config/load.ts";
import type { FoundLetter, LetterQuery } from "../../console/letter-box.ts";
import { letterFilter } from "./filter.ts";
import { segmentsOfPipeline } from "./find-segments.ts";
import { readLetters } from "./read-letters.ts";
import { redrivenKeys } from "./redriven.ts";

/** The newest letters of a pipeline that wait to be redriven, oldest first, without their bodies. */
export async function newestLetters(pipeline: LoadedPipeline, query: LetterQuery): Promise<FoundLetter[]> {
  const { limit, code, stage, destination } = query;
  const segments = await segmentsOfPipeline(pipeline);
  // A line that cannot be read is the command line's to report; here it is left out.
  const damaged = () => undefined;
  const list = (one: string | undefined) => (one === undefined ? undefined : [one]);
  const filter = letterFilter({
    code: list(code),
    stage: list(stage),
    destination: list(destination),
    pipelineName: [pipeline.name],
  });
  const redriven = await redrivenKeys(segments, damaged);
  const newest: FoundLetter[] = [];
  for await (const found of readLetters({ segments, filter, redriven, damaged })) {
    if (found.state !== "open") continue;
    const { body, ...letter } = found.letter;
    const bodyBytes = Buffer.byteLength(body, "base64");
    newest.push({ place: `${found.segment.name}:${found.line}`, letter: { ...letter, bodyBytes } });
    if (newest.length > limit) newest.shift();
  }
  return newest;
}
