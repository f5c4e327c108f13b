// The blocks of an Avro container file. A block is cut into its data before it is handed over, so that damage
// which the block's own framing does not show (a flipped bit in an uncompressed block) is met here, by the same policy.

import { firstBlockFrom, readBlocks } from "../../avro/container.ts";
import { ContainerError } from "../../avro/container-error.ts";
import { readHeader } from "../../avro/container-header.ts";
import { compileScan, datumBoundaries, type Scan } from "../../avro/scan.ts";
import { loadWriterSchema } from "../../avro/schema.ts";
import { DataError } from "../../engine/errors.ts";
import { archiveOf } from "./archive.ts";
import type { Damage, DamagePolicy } from "./damage.ts";
import { type ContainerContent, DatumBlock } from "./datum-block.ts";
import type { InputFile } from "./find-inputs.ts";
import type { InputBlock } from "./input-block.ts";
import type { FileBytes } from "./positioned-bytes.ts";

interface Container {
  readonly header: Awaited<ReturnType<typeof readHeader>>;
  readonly content: ContainerContent;
  readonly scan: Scan;
}

/**
 * From `from` on: 0, or the end of a block. A file whose header cannot be read is one damaged part; it is reported by
 * the reader of the file's first bytes, and by every reader that is to fail for it.
 */
export async function* readContainer(
  file: FileBytes,
  input: InputFile,
  from: number,
  policy: DamagePolicy,
): AsyncGenerator<InputBlock> {
  const opened = await openContainer(file, input);
  const { part } = input;
  if ("code" in opened) {
    if (part && part.from > 0 && !policy.fails) return;
    const bad = await policy.meet(opened);
    if (bad) yield bad;
    return;
  }
  const start = from === 0 ? await firstBlockFrom(file, opened.header, part?.from ?? 0) : from;
  yield* readWhole(file, opened, { from: start, until: part?.to }, policy);
}

async function openContainer(file: FileBytes, input: InputFile): Promise<Container | Damage> {
  try {
    const header = await readHeader(file);
    const schema = loadWriterSchema(header.schema);
    const content = { file: input.name, writerSchema: header.schema, archive: archiveOf(schema) };
    return { header, content, scan: compileScan(schema.type) };
  } catch (error) {
    const whole = { from: 0, to: input.bytes };
    if (error instanceof ContainerError) return { ...describe(error), ...whole };
    if (error instanceof DataError)
      return {
        code: "avro-bad-schema",
        message: `has no usable schema: ${unended(error.message)}`,
        ...whole,
      };
    throw error;
  }
}

async function* readWhole(
  file: FileBytes,
  { header, content, scan }: Container,
  { from, until }: { readonly from: number; readonly until: number | undefined },
  policy: DamagePolicy,
): AsyncGenerator<InputBlock> {
  const passedOver: Damage[] = [];
  const blocks = readBlocks(file, header, from, {
    // Under "fail" the reader need not look for where it could go on.
    onDamage: policy.fails ? "fail" : "skip-block",
    untilOffset: until,
    onSkip: (error, fromByte, toByte) =>
      void passedOver.push({ ...describe(error), from: fromByte, to: toByte }),
  });
  try {
    for await (const block of blocks) {
      yield* meetAll(passedOver, policy);
      const borders = cut(scan, block.data, block.count);
      if (borders instanceof Uint32Array) {
        yield new DatumBlock(content, block.offset, block.endOffset, block.data, borders);
      } else {
        const message = `has a damaged block at byte ${block.offset}: ${unended(borders.message)}`;
        passedOver.push({ code: "avro-block-corrupt", message, from: block.offset, to: block.endOffset });
        yield* meetAll(passedOver, policy);
      }
    }
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    passedOver.push({ ...describe(error), from: error.offset, to: file.size });
  }
  yield* meetAll(passedOver, policy);
}

async function* meetAll(damages: Damage[], policy: DamagePolicy): AsyncGenerator<InputBlock> {
  for (const damage of damages.splice(0)) {
    const bad = await policy.meet(damage);
    if (bad) yield bad;
  }
}

function cut(scan: Scan, data: Buffer, count: number): Uint32Array | DataError {
  try {
    return datumBoundaries(scan, data, count);
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}

function describe(error: ContainerError): Pick<Damage, "code" | "message"> {
  return { code: error.code, message: `is damaged: ${unended(error.message)}` };
}

/** Messages of ours end in a full stop; here they go on. */
function unended(message: string): string {
  return message.replace(/\.$/, "");
}
