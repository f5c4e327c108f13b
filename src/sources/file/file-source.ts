// Reads files one after the other and hands over their blocks.
//
// States: created -> run: finding files, taking the checkpoint -> reading file by file -> all read (run resolves;
// settlements go on arriving) -> close: last checkpoint, lock released. Every settlement moves its file's progress;
// a file is done when it is read to the end and all its blocks are settled.

import type { Intake, RunContext, Source } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { Checkpoint } from "./checkpoint.ts";
import { FileProgress } from "./file-progress.ts";
import { bytesOf, type InputFile } from "./find-inputs.ts";
import { BlockRecord } from "./input-block.ts";
import { canBeCut, openInput, type ReadOptions } from "./open-input.ts";
import { Reach } from "./reach.ts";
import { readAhead } from "./read-ahead.ts";
import { joinPlan, planOf, refuseShards } from "./shard-plan.ts";
import { LEAST_PIECE_BYTES, planShards, type Shard } from "./shards.ts";

export interface FileSourceOptions extends ReadOptions {
  readonly paths: readonly string[];
  /** Absolute; undefined: nothing is remembered. */
  readonly state: string | undefined;
  readonly checkpointMs: number;
  readonly configVersion: string | undefined;
  /** Undefined: this process reads everything. */
  readonly shard: Shard | undefined;
}

export class FileSource implements Source {
  readonly redelivers = false;
  private checkpoint: Checkpoint | undefined;
  /** Bytes of the files that are behind us, the one being read not counted. */
  private bytesBehind = 0;
  private filesDone = 0;

  constructor(
    private readonly options: FileSourceOptions,
    private readonly context: RunContext,
  ) {}

  /** Throws RunError by the codes of `findInputs`, `Checkpoint`, `openInput` and `DamagePolicy`. */
  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    try {
      await this.readAll(intake, signal);
    } catch (error) {
      // A stop breaks off what is asked of the network; that is no failure.
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }

  async close(): Promise<void> {
    await this.checkpoint?.close();
  }

  private async readAll(intake: Intake, signal: AbortSignal): Promise<void> {
    const { context, options } = this;
    const reach = new Reach(context, signal, options.force);
    const { inputs, state } = await this.ours(await reach.find(options.paths), reach);
    this.checkpoint = await this.openCheckpoint(state);
    context.gauge("backfill_files_total", inputs.length);
    context.gauge("backfill_files_done", 0);
    context.gauge(
      "backfill_bytes_total",
      inputs.reduce((sum, input) => sum + bytesOf(input), 0),
    );
    context.gauge("backfill_bytes_read", 0);
    for (const input of inputs) {
      if (signal.aborted) return;
      const progress = await this.begin(input);
      if (progress) await this.readFile(input, progress, { intake, reach, signal });
      if (signal.aborted) return;
      this.bytesBehind += bytesOf(input);
      context.gauge("backfill_bytes_read", this.bytesBehind);
    }
  }

  /** What this process reads of the files, and the folder of its checkpoint. */
  private async ours(
    found: readonly InputFile[],
    reach: Reach,
  ): Promise<{ inputs: readonly InputFile[]; state: string | undefined }> {
    const { shard, state, force } = this.options;
    if (!shard) {
      if (state !== undefined) await refuseShards(state, force);
      return { inputs: found, state };
    }
    const rules = {
      leastPieceBytes: LEAST_PIECE_BYTES,
      canBeCut: (input: InputFile) => canBeCut(input, this.options, reach.open),
    };
    const shards = await planShards(found, shard.of, rules);
    const inputs = shards[shard.index] ?? [];
    if (state === undefined) return { inputs, state };
    const { log, pipeline } = this.context;
    return { inputs, state: await joinPlan(state, shard, planOf(pipeline, found, shards), { force, log }) };
  }

  private async openCheckpoint(state: string | undefined): Promise<Checkpoint | undefined> {
    const { checkpointMs, configVersion, force } = this.options;
    if (state === undefined) return undefined;
    return Checkpoint.open({ directory: state, checkpointMs, configVersion, force }, this.context);
  }

  /** Undefined for a file that an earlier run has done. */
  private async begin(input: InputFile): Promise<FileProgress | undefined> {
    const progress: { current?: FileProgress | undefined } = {};
    const onMoved = () => {
      if (progress.current?.done) this.countDone();
    };
    progress.current = this.checkpoint
      ? await this.checkpoint.begin(input, onMoved)
      : new FileProgress(0, onMoved);
    if (!progress.current) this.countDone();
    return progress.current;
  }

  private async readFile(
    input: InputFile,
    progress: FileProgress,
    {
      intake,
      reach,
      signal,
    }: { readonly intake: Intake; readonly reach: Reach; readonly signal: AbortSignal },
  ): Promise<void> {
    const opened = await openInput(input, this.options, this.context, reach.open);
    try {
      for await (const block of readAhead(opened.blocks(progress.position))) {
        if (signal.aborted) return;
        const mark = progress.handedOver(block.end);
        if (block.isEmpty) {
          progress.settled(mark);
        } else {
          const room = intake.offer(new BlockRecord(input.name, block, progress, mark));
          if (room) await room;
        }
        const read = Math.min(bytesOf(input), Math.max(0, block.bytesRead - (input.part?.from ?? 0)));
        this.context.gauge("backfill_bytes_read", this.bytesBehind + read);
      }
      if (!signal.aborted) progress.finished();
    } catch (error) {
      if (error instanceof RunError && error.code === "checksum-mismatch") progress.distrust();
      throw error;
    } finally {
      await opened.close();
    }
  }

  private countDone(): void {
    this.filesDone += 1;
    this.context.gauge("backfill_files_done", this.filesDone);
  }
}
