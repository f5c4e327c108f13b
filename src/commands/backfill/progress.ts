// How far a backfill is: a bar on a terminal, a log line every few seconds otherwise.

import { Presets, SingleBar } from "cli-progress";

import type { Logger } from "../../engine/contracts.ts";
import type { Metrics } from "../../engine/metrics.ts";
import { number } from "../summary.ts";

const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 5_000;

export interface Progress {
  /** How log lines must be written while a bar stands at the bottom. */
  readonly write?: (line: string) => void;
  start(metrics: Metrics, log: Logger): void;
  stop(): void;
}

/** `name`: what stands before a bar; log lines carry labels of their own. */
export function showProgress(name = ""): Progress {
  return process.stderr.isTTY ? new ProgressBar(name) : new ProgressLines();
}

export interface Reading {
  readonly bytes: number;
  readonly total: number;
  readonly files: number;
  readonly filesDone: number;
  readonly read: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly deadLettered: number;
}

export function readingOf(metrics: Metrics): Reading {
  return {
    bytes: metrics.total("backfill_bytes_read"),
    total: metrics.total("backfill_bytes_total"),
    files: metrics.total("backfill_files_total"),
    filesDone: metrics.total("backfill_files_done"),
    read: metrics.total("values_total"),
    delivered: metrics.total("sink_events_delivered_total"),
    dropped: metrics.total("dropped_total"),
    deadLettered: metrics.total("dead_letters_total"),
  };
}

class ProgressBar implements Progress {
  private readonly bar: SingleBar;
  private timer: NodeJS.Timeout | undefined;
  private shown = false;
  private readonly startedAt = performance.now();

  constructor(name: string) {
    this.bar = new SingleBar(
      {
        format: `${name === "" ? "" : `${name} | `}{bar} {percentage}% | {rate} events/s | ETA {eta_formatted} | {counts}`,
        hideCursor: true,
        clearOnComplete: true,
        stream: process.stderr,
        etaBuffer: 50,
        barsize: 24,
      },
      Presets.shades_classic,
    );
  }

  readonly write = (line: string) => {
    if (this.shown) process.stderr.write("\r\u001b[2K");
    process.stderr.write(line);
  };

  start(metrics: Metrics): void {
    const draw = () => this.draw(readingOf(metrics));
    this.timer = setInterval(draw, BAR_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.shown) this.bar.stop();
  }

  private draw(now: Reading): void {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const payload = {
      rate: number(now.read / seconds),
      counts: `${number(now.delivered)} delivered, ${number(now.dropped)} dropped, ${number(now.deadLettered)} dead-lettered`,
    };
    const total = Math.max(now.total, now.bytes, 1);
    if (this.shown) {
      this.bar.setTotal(total);
      this.bar.update(now.bytes, payload);
      return;
    }
    this.shown = true;
    this.bar.start(total, now.bytes, payload);
  }
}

class ProgressLines implements Progress {
  private timer: NodeJS.Timeout | undefined;

  start(metrics: Metrics, log: Logger): void {
    let before = 0;
    this.timer = setInterval(() => {
      const now = readingOf(metrics);
      const percent = now.total > 0 ? Math.floor((now.bytes / now.total) * 100) : 0;
      const eventsPerSecond = Math.round((now.read - before) / (LINE_EVERY_MS / 1000));
      before = now.read;
      log.info({ percent, eventsPerSecond, ...now }, "progress");
    }, LINE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
