// Reads files one after the other and hands over their blocks.
//
// States: created -> run: finding files, taking the checkpoint -> reading file by file -> all read (run resolves;
// settlements go on arriving) -> close: last checkpoint, lock released. Every settlement moves its file's progress;
// a file is done when it is read to the end and all its blocks are settled.

import type { Intake, RunContext, Source } from "../../engine/contracts.ts";
import { Checkpoint } from "./checkpoint.ts";
import { FileProgress } from "./file-progress.ts";
import { findInputs, type InputFile } from "./find-inputs.ts";
import { BlockRecord } from "./input-block.ts";
import { openInput, type ReadOptions } from "./open-input.ts";
import { readAhead } from "./read-ahead.ts";

export interface FileSourceOptions extends ReadOptions {
  readonly paths: readonly string[];
  /** Absolute; undefined: nothing is remembered. */
  readonly state: string | undefined;
  readonly checkpointMs: number;
  readonly configVersion: string | undefined;
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
    const { context, options } = this;
    const inputs = await findInputs(options.paths, context.baseDir);
    context.gauge("backfill_files_total", inputs.length);
    context.gauge("backfill_files_done", 0);
    context.gauge(
      "backfill_bytes_total",
      inputs.reduce((sum, input) => sum + input.bytes, 0),
    );
    context.gauge("backfill_bytes_read", 0);
    this.checkpoint = await this.openCheckpoint();
    for (const input of inputs) {
      if (signal.aborted) return;
      const progress = await this.begin(input);
      if (progress) await this.readFile(input, progress, intake, signal);
      if (signal.aborted) return;
      this.bytesBehind += input.bytes;
      context.gauge("backfill_bytes_read", this.bytesBehind);
    }
  }

  async close(): Promise<void> {
    await this.checkpoint?.close();
  }

  private async openCheckpoint(): Promise<Checkpoint | undefined> {
    const { state, checkpointMs, configVersion, force } = this.options;
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
    intake: Intake,
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await openInput(input, this.options, this.context);
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
        this.context.gauge("backfill_bytes_read", this.bytesBehind + block.bytesRead);
      }
      if (!signal.aborted) progress.finished();
    } finally {
      await opened.close();
    }
  }

  private countDone(): void {
    this.filesDone += 1;
    this.context.gauge("backfill_files_done", this.filesDone);
  }
}
