// What flows, as it flows: a table that redraws itself on a terminal, a line a second otherwise.

import { styleText } from "node:util";

import type { Metrics } from "../../engine/metrics.ts";
import type { Run } from "../../engine/run.ts";
import { number } from "../summary.ts";
import { clip } from "../terminal-text.ts";
import type { Happening, LastEvents } from "./last-events.ts";
import type { Published } from "./sample-topic.ts";

const TABLE_EVERY_MS = 250;
const LINE_EVERY_MS = 1_000;
const LANE_STATES = ["open", "throttled", "broken", "parked"];

export interface Places {
  readonly pubsub: string;
  readonly segment: string;
  readonly pipeline: string;
  /** The stages, in order. */
  readonly stages: readonly string[];
}

export interface Watched {
  readonly run: Run;
  readonly metrics: Metrics;
  readonly last: LastEvents;
  readonly published: Published;
}

export class LiveView {
  private readonly terminal = process.stdout.isTTY;
  private readonly color = this.terminal && !process.env["NO_COLOR"];
  private timer: NodeJS.Timeout | undefined;
  private watched: Watched | undefined;
  private drawnLines = 0;
  private readonly rates = new Map<string, { value: number; atMs: number; rate: number }>();

  constructor(private readonly places: Places) {}

  /** Log lines go above the table. */
  readonly writeLog = (line: string): void => {
    this.erase();
    process.stderr.write(line);
    this.draw();
  };

  say(text: string): void {
    this.writeLog(`${text}\n`);
  }

  start(watched: Watched): void {
    this.watched = watched;
    const { pubsub, segment, pipeline, stages } = this.places;
    process.stdout.write(
      `${this.paint("bold", pipeline)} on a local Pub/Sub (${pubsub}) and a local Segment\n` +
        `${stages.join(" → ")}\n` +
        `Segment debugger: ${this.paint("underline", segment)}   Ctrl-C drains and sums up\n\n`,
    );
    const every = this.terminal ? TABLE_EVERY_MS : LINE_EVERY_MS;
    this.timer = setInterval(() => (this.terminal ? this.redraw() : this.line()), every);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.terminal) this.redraw();
    this.drawnLines = 0;
    this.watched = undefined;
    process.stdout.write("\n");
  }

  private redraw(): void {
    this.erase();
    this.draw();
  }

  private erase(): void {
    if (this.drawnLines > 0) process.stdout.write(`\u001b[${this.drawnLines}A\u001b[0J`);
    this.drawnLines = 0;
  }

  private draw(): void {
    if (!this.watched || !this.terminal) return;
    const width = process.stdout.columns ?? 100;
    const lines = this.table(this.watched, width);
    process.stdout.write(`${lines.join("\n")}\n`);
    this.drawnLines = lines.length;
  }

  private table({ run, metrics, last, published }: Watched, width: number): string[] {
    const row = (name: string, key: string, value: number, note = "") =>
      `  ${name.padEnd(15)}${number(value).padStart(9)} ${`${number(this.rateOf(key, value))}/s`.padStart(8)}  ${note}`;
    const dropped = metrics
      .samples("dropped_total")
      .map(({ labels, value }) => `${labels["reason"]} ${number(value)}`);
    const dead = metrics
      .samples("dead_letters_total")
      .map(({ labels, value }) => `${labels["code"]} ${number(value)}`);
    const waited = metrics.total("sink_rate_limit_wait_seconds_total");
    const lanes = metrics
      .samples("sink_lane_state")
      .map(({ labels, value }) => `${labels["destination"]} ${LANE_STATES[value]}`);
    return [
      row("published", "published", published.events),
      row("read", "read", metrics.total("values_total")),
      row("delivered", "delivered", metrics.total("sink_events_delivered_total"), lanes.join(", ")),
      row("dropped", "dropped", metrics.total("dropped_total"), dropped.join(", ")),
      row("dead-lettered", "dead", metrics.total("dead_letters_total"), dead.join(", ")),
      `  ${"in flight".padEnd(15)}${number(run.inFlight.records).padStart(9)} ${"".padStart(8)}  waited for the rate limit: ${waited.toFixed(1)} s`,
      "",
      ...last.all.map((happening) => this.happening(happening)),
    ].map((line) => clip(line, width));
  }

  private happening({ atMs, what, text }: Happening): string {
    const style = what === "delivered" ? "green" : what === "dropped" ? "yellow" : "red";
    return `  ${new Date(atMs).toISOString().slice(11, 19)} ${this.paint(style, what.padEnd(13))} ${text}`;
  }

  private line(): void {
    if (!this.watched) return;
    const { run, metrics, published } = this.watched;
    const delivered = metrics.total("sink_events_delivered_total");
    const by = (name: string, label: string) =>
      metrics
        .samples(name)
        .map(({ labels, value }) => `${labels[label]}=${value}`)
        .join(" ");
    process.stdout.write(
      `published ${published.events} · delivered ${delivered} (${number(this.rateOf("delivered", delivered))}/s) · ` +
        `dropped ${metrics.total("dropped_total")} [${by("dropped_total", "reason")}] · ` +
        `dead-lettered ${metrics.total("dead_letters_total")} [${by("dead_letters_total", "code")}] · ` +
        `in flight ${run.inFlight.records}\n`,
    );
  }

  /** Per second, over about the last second. */
  private rateOf(key: string, value: number): number {
    const now = performance.now();
    const before = this.rates.get(key);
    if (!before) {
      this.rates.set(key, { value, atMs: now, rate: 0 });
      return 0;
    }
    const elapsedMs = now - before.atMs;
    if (elapsedMs < 900) return before.rate;
    const rate = ((value - before.value) / elapsedMs) * 1000;
    this.rates.set(key, { value, atMs: now, rate });
    return rate;
  }

  private paint(style: Parameters<typeof styleText>[0], text: string): string {
    return this.color ? styleText(style, text, { validateStream: false }) : text;
  }
}
