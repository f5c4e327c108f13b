// From a file to its blocks: what kind of file it is, told by its first bytes, and the reader for it.

import type { RunContext } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { readContainer } from "./container-blocks.ts";
import { DamagePolicy, type OnDamage } from "./damage.ts";
import type { InputFile } from "./find-inputs.ts";
import { GunzipBytes } from "./gunzip-bytes.ts";
import type { InputBlock } from "./input-block.ts";
import type { FileBytes } from "./positioned-bytes.ts";
import { readStretches, type StretchLimits } from "./stretches.ts";

export interface ReadOptions extends StretchLimits {
  readonly format: "auto" | "ndjson" | "avro";
  readonly onDamage: OnDamage;
  readonly maxGunzipRatio: number;
  readonly force: boolean;
}

export interface OpenInput {
  /** Blocks from `from` on, which is 0 or the end of a block of an earlier run. */
  blocks(from: number): AsyncGenerator<InputBlock>;
  close(): Promise<void>;
}

export type OpenBytes = (input: InputFile) => Promise<FileBytes>;

type Kind = "ndjson" | "gzip" | "avro";

const AVRO_MAGIC = Buffer.from("Obj\x01", "latin1");
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const MAGIC_BYTES = 4;

/** First bytes of what would only fill the dead letters if it were read as lines. */
const foreign: readonly (readonly [string, readonly number[]])[] = [
  ["a zstd file", [0x28, 0xb5, 0x2f, 0xfd]],
  ["a zip archive", [0x50, 0x4b, 0x03, 0x04]],
  ["a bzip2 file", [0x42, 0x5a, 0x68]],
  ["an xz file", [0xfd, 0x37, 0x7a, 0x58]],
  ["a Parquet file", [0x50, 0x41, 0x52, 0x31]],
  ["UTF-16 text", [0xff, 0xfe]],
  ["UTF-16 text", [0xfe, 0xff]],
];

/** Throws RunError `unsupported-file`. */
export async function openInput(
  input: InputFile,
  options: ReadOptions,
  context: RunContext,
  openBytes: OpenBytes,
): Promise<OpenInput> {
  const file = await openBytes(input);
  try {
    const kind = await kindOf(input, file, options.format);
    if (kind === "gzip") return await openGzip(input, file, options, context);
    const policy = new DamagePolicy(options.onDamage, input, file, context);
    return {
      blocks: (from) =>
        kind === "avro"
          ? readContainer(file, input, from, policy)
          : readStretches(file, input.name, from, { ...options, part: input.part }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A gzip file can be read from its beginning only. Throws RunError `unsupported-file`. */
export async function canBeCut(
  input: InputFile,
  { format }: Pick<ReadOptions, "format">,
  openBytes: OpenBytes,
): Promise<boolean> {
  if (input.name.endsWith(".gz")) return false;
  const file = await openBytes(input);
  try {
    return (await kindOf(input, file, format)) !== "gzip";
  } finally {
    await file.close();
  }
}

async function kindOf(input: InputFile, file: FileBytes, format: ReadOptions["format"]): Promise<Kind> {
  const head = await file.read(0, MAGIC_BYTES);
  if (format === "avro") return "avro";
  if (startsWith(head, GZIP_MAGIC)) return "gzip";
  if (format === "ndjson") return "ndjson";
  // The name counts too: a container that lost its head is damaged, not a text.
  if (startsWith(head, AVRO_MAGIC) || input.name.endsWith(".avro")) return "avro";
  refuseForeign(input, head);
  return "ndjson";
}

async function openGzip(
  input: InputFile,
  file: FileBytes,
  options: ReadOptions,
  context: RunContext,
): Promise<OpenInput> {
  const { maxGunzipRatio } = options;
  const text = new GunzipBytes(file, input.path, { maxGunzipRatio, salvage: options.onDamage !== "fail" });
  const policy = new DamagePolicy(options.onDamage, input, file, context);
  const head = await text.read(0, MAGIC_BYTES);
  if (startsWith(head, AVRO_MAGIC))
    throw unsupported(
      input,
      "a container file inside a gzip file",
      "Unpack it: container files are compressed inside.",
    );
  refuseForeign(input, head);
  return {
    blocks: (from) => readGzip(text, input, from, options, policy),
    close: () => text.close(),
  };
}

async function* readGzip(
  text: GunzipBytes,
  input: InputFile,
  from: number,
  options: ReadOptions,
  policy: DamagePolicy,
): AsyncGenerator<InputBlock> {
  let end = from;
  for await (const block of readStretches(text, input.name, from, options)) {
    // A line cut off by the damage is not handed over by a run that fails for it.
    if (text.damage && policy.fails) break;
    end = block.end;
    yield block;
  }
  const { damage } = text;
  if (!damage) return;
  const bad = await policy.meet({ ...damage, from: damage.offset, to: input.bytes }, { offset: end, end });
  if (bad) yield bad;
}

function startsWith(bytes: Buffer, magic: Uint8Array): boolean {
  return bytes.subarray(0, magic.length).equals(magic);
}

function refuseForeign(input: InputFile, head: Buffer): void {
  for (const [what, magic] of foreign) {
    if (startsWith(head, Buffer.from(magic)))
      throw unsupported(input, what, "Convert it to NDJSON, gzipped NDJSON or an Avro container file.");
  }
}

function unsupported(input: InputFile, what: string, advice: string): RunError {
  return new RunError("unsupported-file", `${input.path} is ${what}, which cannot be read. ${advice}`);
}
