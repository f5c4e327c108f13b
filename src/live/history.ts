// An hour of one pipeline in two rings of numbers: each second for five minutes, and ten seconds at a time for an hour.
// About 40 kB a pipeline, made when the first point comes.

import type { History } from "./shapes/history.ts";

/** Averaged over a step. */
const MEANS = ["received", "values", "delivered", "dropped", "deadLettered"] as const;
/** The highest of a step. */
const PEAKS = ["inFlight", "lagMs", "limiterUse", "limiterWaitShare"] as const;
const COLUMNS = [...MEANS, ...PEAKS] as const;

/** NaN: not known. */
export type Point = Readonly<Record<(typeof COLUMNS)[number], number>>;

const FINE_POINTS = 300;
const COARSE_STEP = 10;
const COARSE_POINTS = 360;

export class PipelineHistory {
  private readonly fine = new Ring(FINE_POINTS);
  private readonly coarse = new Ring(COARSE_POINTS);
  private step: Point[] = [];

  constructor(private readonly pipeline: string) {}

  /** Once a second. */
  add(atMs: number, point: Point): void {
    this.fine.add(atMs, point);
    this.step.push(point);
    if (this.step.length < COARSE_STEP) return;
    this.coarse.add(atMs, together(this.step));
    this.step = [];
  }

  view(minutes: number): History {
    const isFine = minutes * 60 <= FINE_POINTS;
    const ring = isFine ? this.fine : this.coarse;
    const stepSeconds = isFine ? 1 : COARSE_STEP;
    const { at, columns } = ring.view(Math.ceil((minutes * 60) / stepSeconds));
    return { pipeline: this.pipeline, stepSeconds, at, ...columns };
  }
}

type Columns = Record<keyof Point, (number | null)[]>;

class Ring {
  private readonly at: Float64Array;
  private readonly columns: Readonly<Record<keyof Point, Float64Array>>;
  private count = 0;

  constructor(private readonly size: number) {
    const column = () => new Float64Array(size);
    this.at = column();
    this.columns = eachColumn(column);
  }

  add(atMs: number, point: Point): void {
    const i = this.count % this.size;
    this.at[i] = atMs;
    for (const name of COLUMNS) this.columns[name][i] = point[name];
    this.count += 1;
  }

  /** The last `points`, oldest first. */
  view(points: number): { readonly at: number[]; readonly columns: Columns } {
    const from = this.count - Math.min(points, this.count, this.size);
    const places = Array.from({ length: this.count - from }, (_, i) => (from + i) % this.size);
    const of = (column: Float64Array) => places.map((i) => (Number.isNaN(column[i]) ? null : column[i]!));
    return {
      at: places.map((i) => this.at[i]!),
      columns: eachColumn((name) => of(this.columns[name])),
    };
  }
}

function eachColumn<T>(make: (name: keyof Point) => T): Record<keyof Point, T> {
  return Object.fromEntries(COLUMNS.map((name) => [name, make(name)])) as Record<keyof Point, T>;
}

function together(points: readonly Point[]): Point {
  const known = (name: keyof Point) => points.map((point) => point[name]).filter((one) => !Number.isNaN(one));
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
  return eachColumn((name) => {
    const values = known(name);
    if (values.length === 0) return Number.NaN;
    return (PEAKS as readonly string[]).includes(name) ? Math.max(...values) : mean(values);
  });
}
