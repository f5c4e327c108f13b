// Three questions of whoever runs us, and what each answer is good for.
//
//   startupz: has everything started?            no -> wait before asking the other two
//   livez:    does this process still work?      no -> kill it and start another
//   readyz:   does it do what it is there for?   no -> a roll-out waits; nobody is killed
//
// Alive never depends on Pub/Sub or a destination: an outage of theirs must not restart processes. Not alive is one of:
//   - the event loop stood still (then nobody answers either, or the answer after it says so),
//   - records are in hand, nothing outside is waited for, and yet nothing moved for `stuckMs`.
// A parked or broken destination is ready but degraded; the body says so.

import type { Clock } from "../engine/clock.ts";
import { toError } from "../engine/errors.ts";
import type { WatchedPipeline } from "./watched-pipeline.ts";

export interface HealthOptions {
  readonly clock: Clock;
  readonly pipelines: () => readonly WatchedPipeline[];
  /** How many there will be. */
  readonly expected: () => number;
  /** A pipeline that could move and does not is stuck after this, in ms. */
  readonly stuckMs: number;
  /** So long may the event loop stand still, in ms. */
  readonly loopMs: number;
}

/** What the port answers with: of one process, or of several as one. */
export interface HealthAnswers {
  live(): Verdict;
  ready(): Promise<Verdict>;
  startup(): Verdict;
}

export interface Verdict {
  readonly ok: boolean;
  readonly status: string;
  readonly reasons: readonly string[];
}

const TICK_MS = 1_000;
/** One look at the dead letters serves everybody who asks within this time. */
const PROBE_VALID_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;

interface Watch {
  /** What has moved so far: equal means nothing did. */
  moved: string;
  movedAtMs: number;
}

interface DeadLetterProbe {
  readonly atMs: number;
  readonly trouble: Promise<string | undefined>;
}

export class Health implements HealthAnswers {
  private readonly watches = new WeakMap<WatchedPipeline, Watch>();
  private readonly probes = new WeakMap<WatchedPipeline, DeadLetterProbe>();
  private tickedAtMs: number;
  private cancel: () => void = () => {};
  private started = false;

  constructor(private readonly options: HealthOptions) {
    this.tickedAtMs = options.clock.nowMs();
    this.schedule();
  }

  stop(): void {
    this.cancel();
  }

  /** `livez`. */
  live(): Verdict {
    const { clock, loopMs, stuckMs } = this.options;
    const nowMs = clock.nowMs();
    const reasons: string[] = [];
    if (nowMs - this.tickedAtMs > loopMs)
      reasons.push(`the event loop stood still for ${Math.round(nowMs - this.tickedAtMs)} ms`);
    for (const pipeline of this.options.pipelines()) {
      const { movedAtMs } = this.look(pipeline, nowMs);
      if (nowMs - movedAtMs > stuckMs)
        reasons.push(
          `${pipeline.name}: records are in hand and nothing moved for ${Math.round(nowMs - movedAtMs)} ms`,
        );
    }
    return reasons.length === 0
      ? { ok: true, status: "alive", reasons }
      : { ok: false, status: "stuck", reasons };
  }

  /** `readyz`. */
  async ready(): Promise<Verdict> {
    const startup = this.startup();
    if (!startup.ok) return startup;
    const notReady: string[] = [];
    const degraded: string[] = [];
    for (const pipeline of this.options.pipelines()) {
      const { name, metrics } = pipeline;
      const state = pipeline.state();
      // A backfill whose files are read delivers what it read: that is what it is there for, no way out.
      if (pipeline.stopping() || state === "stopped" || state === "failed")
        notReady.push(`${name}: ${pipeline.stopping() && state === "running" ? "draining" : state}`);
      if (metrics.samples("source_open").some(({ value }) => value === 0))
        notReady.push(`${name}: the source is not open`);
      const trouble = await this.deadLetterTrouble(pipeline);
      if (trouble !== undefined) notReady.push(`${name}: dead letters cannot be written: ${trouble}`);
      for (const lane of pipeline.lanes())
        if (lane.state !== "open") degraded.push(`${name}: destination ${lane.name} is ${lane.state}`);
    }
    if (notReady.length > 0) return { ok: false, status: "not ready", reasons: [...notReady, ...degraded] };
    return { ok: true, status: degraded.length > 0 ? "degraded" : "ready", reasons: degraded };
  }

  /** `startupz`: once yes, always yes. */
  startup(): Verdict {
    const { pipelines, expected } = this.options;
    const running = pipelines().length;
    if (running >= expected() && running > 0) this.started = true;
    if (this.started) return { ok: true, status: "started", reasons: [] };
    return { ok: false, status: "starting", reasons: [`${running} of ${expected()} pipelines started`] };
  }

  private schedule(): void {
    const { clock } = this.options;
    this.cancel = clock.after(TICK_MS, () => {
      this.tickedAtMs = clock.nowMs();
      for (const pipeline of this.options.pipelines()) this.look(pipeline, this.tickedAtMs);
      this.schedule();
    });
  }

  private look(pipeline: WatchedPipeline, nowMs: number): Watch {
    const moved = movement(pipeline);
    const watch = this.watches.get(pipeline) ?? { moved, movedAtMs: nowMs };
    this.watches.set(pipeline, watch);
    if (watch.moved !== moved || mayStandStill(pipeline)) watch.movedAtMs = nowMs;
    watch.moved = moved;
    return watch;
  }

  private async deadLetterTrouble(pipeline: WatchedPipeline): Promise<string | undefined> {
    const { clock } = this.options;
    const known = this.probes.get(pipeline);
    if (known && clock.nowMs() - known.atMs < PROBE_VALID_MS) return known.trouble;
    const trouble = pipeline.probeDeadLetters(AbortSignal.timeout(PROBE_TIMEOUT_MS)).then(
      () => undefined,
      (error: unknown) => toError(error).message,
    );
    this.probes.set(pipeline, { atMs: clock.nowMs(), trouble });
    return trouble;
  }
}

/** Everything that counts up when a record gets any further. */
const movements = [
  "records_received_total",
  "records_acked_total",
  "records_given_back_total",
  "values_total",
  "dropped_total",
  "dead_letters_total",
  "sink_events_delivered_total",
  "sink_writes_total",
] as const;

function movement({ metrics }: WatchedPipeline): string {
  return movements.map((name) => metrics.total(name)).join(" ");
}

/** Nothing is in hand, or what is in hand waits for somebody outside. */
function mayStandStill(pipeline: WatchedPipeline): boolean {
  const { metrics } = pipeline;
  const state = pipeline.state();
  if (state === "stopped" || state === "failed") return true;
  pipeline.publishGauges();
  if (metrics.total("records_in_flight") === 0) return true;
  if (metrics.total("held_values") > 0 || metrics.total("dead_letters_blocked") > 0) return true;
  return pipeline.lanes().some((lane) => lane.state !== "open" || lane.writing > 0);
}
