// What to do with a part of a file that is damaged.

import type { RunContext } from "../../engine/contracts.ts";
import { DataError, RunError } from "../../engine/errors.ts";
import type { InputFile } from "./find-inputs.ts";
import { BadBlock } from "./input-block.ts";
import type { FileBytes } from "./positioned-bytes.ts";

export type OnDamage = "fail" | "skip-block" | "dead-letter-block";

export interface Damage {
  readonly code: keyof typeof damageRejects;
  /** Continues "<file> …". */
  readonly message: string;
  /** The damaged bytes of the file: `from` up to, not with, `to`. */
  readonly from: number;
  readonly to: number;
}

/** Dead-letter codes under "dead-letter-block", and codes of the RunError under "fail". */
export const damageRejects = {
  "gzip-truncated": "The gzip file ends in the middle. Copy it again from where it came from.",
  "gzip-corrupt":
    "The gzip file is damaged, or other bytes follow it. Copy it again from where it came from.",
  "avro-container-truncated": "The container file ends in the middle. Copy it again from where it came from.",
  "avro-container-corrupt": "A block or the header of the container file is damaged. Copy the file again.",
  "avro-container-unsupported-codec": "The container file is compressed in a way that cannot be read.",
  "avro-container-too-large": "A block or the header of the container file is larger than allowed.",
  "avro-block-corrupt": "The data of a container block do not fit the file's schema. Copy the file again.",
  "avro-bad-schema": "The schema in the container file's header is not valid.",
} as const;

/** Of a damaged part, this much is kept for the dead letter. */
const KEPT_BYTES = 64 * 1024;

export class DamagePolicy {
  constructor(
    private readonly onDamage: OnDamage,
    private readonly input: InputFile,
    private readonly file: FileBytes,
    private readonly context: RunContext,
  ) {}

  get fails(): boolean {
    return this.onDamage === "fail";
  }

  /**
   * The block to hand over in place of the damaged part, if any; `at` when positions are not bytes of the file.
   * Throws RunError under "fail".
   */
  async meet(damage: Damage, at = { offset: damage.from, end: damage.to }): Promise<BadBlock | undefined> {
    if (this.fails) throw this.failure(damage);
    const { code, from, to } = damage;
    this.context.count("backfill_damaged_blocks_total", 1);
    this.context.log.warn(
      { file: this.input.name, code, fromByte: from, toByte: to },
      `${this.input.name} ${damage.message}; bytes ${from} to ${to} are passed over`,
    );
    if (this.onDamage === "skip-block") return undefined;
    const head = await this.file.read(from, Math.min(to - from, KEPT_BYTES));
    return new BadBlock(
      at.offset,
      at.end,
      to,
      head,
      new DataError(code, `${this.input.name} ${damage.message}.`),
    );
  }

  private failure({ code, message }: Damage): RunError {
    return new RunError(
      code,
      `${this.input.path} ${message}. Replace the file, or set onDamage (--on-damage of a backfill) to skip-block or dead-letter-block to read what is whole.`,
    );
  }
}
