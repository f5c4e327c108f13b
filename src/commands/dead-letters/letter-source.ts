// The source of a redrive: each open letter becomes the record that it once was.
//
// A letter: read -> [not to be redriven] left | [redriven, repeated] passed over | offered
//           offered -> acked, and an event of it was delivered, dropped or dead-lettered anew -> marked
//           offered -> acked, but nothing came of it for the destination that missed it        -> left
//           offered -> given back                                                              -> left

import { writerSchema } from "../../avro/schema.ts";
import type { Intake, Settlement, Source, SourceRecord, WriterSchema } from "../../engine/contracts.ts";
import type { DeadLetter } from "../../engine/dead-letters.ts";
import { bodyOf, isDamagedInput, NotALetter } from "./letter.ts";
import type { MarkQueue } from "./mark-queue.ts";
import type { FoundLetter } from "./read-letters.ts";
import type { LeftReason, Tally } from "./tally.ts";

/** What the breaker (see the engine) dead-letters undecoded. */
const CRASH_LOOP = "crash-loop";

export interface LetterSourceOptions {
  readonly letters: AsyncIterable<FoundLetter>;
  readonly tally: Tally;
  /** Undefined: nothing is marked. */
  readonly marks: MarkQueue | undefined;
  /** Whether letters of code `crash-loop` are redriven. */
  readonly crashLoops: boolean;
  /** Why a letter for this destination cannot be redriven now. */
  readonly unreachable: (letter: Pick<DeadLetter, "destination" | "sink">) => LeftReason | undefined;
}

export class LetterSource implements Source {
  readonly redelivers = true;
  private schema: WriterSchema | undefined;

  constructor(private readonly options: LetterSourceOptions) {}

  /** Throws RunError `marks-not-written` or `too-many-letters`. */
  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    const { letters, tally, marks } = this.options;
    for await (const found of letters) {
      if (signal.aborted) return;
      tally.read += 1;
      if (found.state === "redriven") tally.alreadyRedriven += 1;
      else if (found.state === "repeated") tally.repeated += 1;
      else await this.redrive(found, intake);
      await marks?.room();
    }
  }

  async close(): Promise<void> {
    await this.options.marks?.close();
  }

  settled(record: LetterRecord, how: Settlement): void {
    const { tally, marks } = this.options;
    const { found, delivered, dropped, deadLettered } = record;
    if (how === "nack") tally.leave("given-back");
    else if (delivered + dropped + deadLettered === 0) tally.leave("no-event");
    else {
      tally.redriven += 1;
      const { segment, line, key } = found;
      marks?.add({ segment, line, key, delivered, dropped, deadLettered });
    }
  }

  private async redrive(found: FoundLetter, intake: Intake): Promise<void> {
    const reason = this.whyLeft(found);
    if (reason !== undefined) {
      this.options.tally.leave(reason);
      return;
    }
    let body: Buffer;
    try {
      body = bodyOf(found.letter);
    } catch (error) {
      if (!(error instanceof NotALetter)) throw error;
      this.options.tally.leave("bad-body");
      return;
    }
    const schema = this.schemaOf(found.letter.writerSchema);
    const room = intake.offer(new LetterRecord(found, body, schema, this));
    if (room) await room;
  }

  private whyLeft({ letter }: FoundLetter): LeftReason | undefined {
    if (isDamagedInput(letter)) return "damaged-input";
    if (letter.code === CRASH_LOOP && !this.options.crashLoops) return "crash-loop";
    return this.options.unreachable(letter);
  }

  /** Letters of one file mostly have one schema, and naming it means hashing it. */
  private schemaOf(json: string | undefined): WriterSchema | undefined {
    if (json === undefined) return undefined;
    if (this.schema?.json !== json) this.schema = writerSchema(json);
    return this.schema;
  }
}

export class LetterRecord implements SourceRecord {
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly publishedAtMs: number;
  readonly attempt: number;
  readonly redrives: number;
  /** The only one to deliver to; undefined: all. */
  readonly destination: string | undefined;
  /** The same among the pipeline's sinks. */
  readonly sink: string | undefined;
  delivered = 0;
  dropped = 0;
  deadLettered = 0;

  constructor(
    readonly found: FoundLetter,
    readonly body: Uint8Array,
    readonly writerSchema: WriterSchema | undefined,
    private readonly source: LetterSource,
  ) {
    const { letter } = found;
    this.id = letter.id;
    this.attributes = letter.attributes;
    this.publishedAtMs = Date.parse(letter.publishedAt ?? "") || 0;
    this.attempt = letter.attempt + 1;
    this.redrives = (letter.redrives ?? 0) + 1;
    this.destination = letter.destination;
    this.sink = letter.sink;
  }

  settle(how: Settlement): void {
    this.source.settled(this, how);
  }
}
