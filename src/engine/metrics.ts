// Every metric there is, in one table, and the counters behind it. Base units; names end in their unit. Nothing is
// formatted or summed up before somebody asks: who counts adds to a number, and that is all it costs.

import { HistogramCell } from "./histogram.ts";

export type MetricType = "counter" | "gauge" | "histogram";

export interface MetricDefinition<Type extends MetricType = MetricType> {
  readonly type: Type;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending, without the last (everything). */
  readonly buckets?: readonly number[];
  /** What several processes together have of a gauge; without it their sum. */
  readonly across?: "sum" | "max" | "min";
}

/** 5 ms to 60 s, for what a person waits for. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A backlog is worked off for hours: the times of events go on where the others end. */
const LAG_SECONDS = [...SECONDS, 300, 1_800, 7_200, 43_200];
const EVENTS = [1, 5, 10, 50, 100, 250, 500, 1_000, 2_500];
const BYTES = [1_024, 4_096, 16_384, 65_536, 131_072, 262_144, 480_000];

const counter = (help: string, ...labels: string[]): MetricDefinition<"counter"> => ({
  type: "counter",
  help,
  labels,
});
const gauge = (help: string, ...labels: string[]): MetricDefinition<"gauge"> => ({
  type: "gauge",
  help,
  labels,
});
const highest = (help: string, ...labels: string[]): MetricDefinition<"gauge"> => ({
  ...gauge(help, ...labels),
  across: "max",
});
const lowest = (help: string, ...labels: string[]): MetricDefinition<"gauge"> => ({
  ...gauge(help, ...labels),
  across: "min",
});
const histogram = (
  buckets: readonly number[],
  help: string,
  ...labels: string[]
): MetricDefinition<"histogram"> => ({
  type: "histogram",
  help,
  labels,
  buckets,
});

/** Names without the `sluice_` prefix; every one also has the label `pipeline`. */
export const metricTable = {
  run_state: highest("0 running, 1 draining, 2 stopped, 3 failed."),
  records_received_total: counter("Records taken in: messages, or blocks of a file."),
  records_acked_total: counter("Records settled as done."),
  records_given_back_total: counter("Records given back undelivered at a stop."),
  records_handed_over_total: counter(
    "Records that a reload moved, undelivered, to the next definition; their values are counted again.",
  ),
  records_in_flight: gauge("Records taken and not settled."),
  bytes_in_flight: gauge("Bytes of records taken and not settled."),
  values_total: counter("Values that entered the first transform."),
  dropped_total: counter("Values dropped by a rule.", "stage", "reason"),
  dropped_by_detail_total: counter("Drops by detail (flag key, event kind); bounded.", "reason", "detail"),
  dead_letters_total: counter("Values written to the dead letters.", "stage", "code"),
  dead_letter_write_failures_total: counter("Failed writes of dead letters; they are held and tried again."),
  dead_letters_bytes_total: counter("Bytes of dead letters written."),
  dead_letters_blocked: highest(
    "1 while dead letters cannot be written; what they are for is held, nothing is acked.",
  ),
  held_values: gauge("Values held until something they need can be fetched.", "stage"),
  waiting_duplicates: gauge("Duplicates that wait until the first of them is settled.", "stage"),
  keys_forgotten_total: counter(
    "Keys forgotten before their window was over, because maxKeys was reached.",
    "stage",
  ),
  pipeline_reloads_total: counter("Reloads: applied, invalid, failed.", "outcome"),
  pipeline_change_refused: gauge(
    "1 while the pipeline's files hold a change that was refused: it would not run after a restart.",
  ),
  stage_bugs_total: counter("Values on which a transform threw something unexpected.", "stage"),
  test_events_total: counter("LaunchDarkly test events seen."),
  implausible_times_total: counter("Events whose creation date is implausible."),
  sink_events_delivered_total: counter("Events accepted with 2xx.", "sink", "destination"),
  sink_bytes_delivered_total: counter("Encoded bytes accepted.", "sink", "destination"),
  sink_writes_total: counter("Write attempts by outcome.", "sink", "destination", "outcome"),
  sink_requests_total: counter("HTTP requests by status class.", "sink", "destination", "status_class"),
  sink_retries_total: counter("Events sent again, by fault code.", "sink", "destination", "code"),
  sink_request_duration_seconds: histogram(
    SECONDS,
    "Time of a write attempt, from the call to its answer.",
    "sink",
    "destination",
  ),
  sink_batch_events: histogram(EVENTS, "Events of a write attempt.", "sink", "destination"),
  sink_batch_bytes: histogram(BYTES, "Bytes of a write attempt.", "sink", "destination"),
  event_lag_seconds: histogram(LAG_SECONDS, "From publishing to 2xx, for messages.", "sink", "destination"),
  event_lag_max_seconds: highest(
    "The largest such time of the last one to two minutes.",
    "sink",
    "destination",
  ),
  sink_splits_total: counter("Batches split to isolate a bad event.", "sink", "destination"),
  sink_rate_limit_wait_seconds_total: counter("Time work waited for the rate limit.", "sink", "destination"),
  sink_waiting_events: gauge("Events waiting in the lane.", "sink", "destination"),
  sink_writes_in_flight: gauge("Writes under way.", "sink", "destination"),
  sink_lane_state: highest("0 open, 1 throttled, 2 broken, 3 parked.", "sink", "destination"),
  sink_concurrency_limit: gauge(
    "Writes that may be under way at once, by what the destination bears.",
    "sink",
    "destination",
  ),
  sink_rate_limit_tokens: gauge(
    "Events that may leave now by the rate limit; below 0: no limit.",
    "sink",
    "destination",
  ),
  sink_learned_events_per_second: gauge(
    "Events a second the lane keeps to because the destination answered 429; 0: the configured rate.",
    "sink",
    "destination",
  ),
  sink_retry_after_seconds: highest("How long the destination last asked to wait.", "sink", "destination"),
  sink_duplicates_skipped_total: counter(
    "Events not sent because their delivered mark was found; they count as delivered.",
    "sink",
    "destination",
  ),
  sink_marks_missed_total: counter(
    "Writes without delivered marks, because the store of marks did not answer.",
    "sink",
    "destination",
  ),
  rate_store_up: lowest(
    "1 while the store of shared rates answers; 0: at most this process's part is used.",
    "destination",
  ),
  rate_store_cuts_total: counter("How often the store of shared rates was lost.", "destination"),
  source_open: lowest("1 while the stream is open, or closed on purpose because no room is left."),
  source_oldest_outstanding_age_seconds: highest("Age of the oldest message held, since it was received."),
  source_messages_received_total: counter("Pub/Sub messages received."),
  source_bytes_received_total: counter("Bytes of Pub/Sub messages received."),
  source_redeliveries_total: counter("Messages seen again."),
  source_acks_total: counter("Acknowledgements confirmed by Pub/Sub."),
  source_ack_failures_total: counter("Acknowledgements that failed, by status code.", "code"),
  source_acks_remembered_total: counter("Redeliveries acked again without sending, after a lost ack."),
  source_lease_extensions_total: counter("Lease extensions sent."),
  source_leases_expired_total: counter("Leases that ended while we held the message."),
  source_stream_restarts_total: counter("Streams opened again, by the status that ended them.", "code"),
  source_client_rebuilds_total: counter("Clients rebuilt, by reason.", "reason"),
  source_outstanding_messages: gauge("Messages held by the source, buffered ones included."),
  source_outstanding_bytes: gauge("Bytes held by the source, buffered ones included."),
  source_last_receive_timestamp_seconds: highest("When a message last arrived, Unix time."),
  backfill_bytes_total: gauge("Bytes of all input files."),
  backfill_bytes_read: gauge("Bytes read so far."),
  backfill_files_total: gauge("Input files."),
  backfill_files_done: gauge("Input files read and settled."),
  backfill_checkpoint_timestamp_seconds: highest("When the checkpoint was last written, Unix time."),
  backfill_damaged_blocks_total: counter("Damaged stretches of files that were skipped."),
} as const satisfies Record<string, MetricDefinition>;

/** Of `sluice run --workers`; they have no label `pipeline`. */
export const supervisorTable = {
  workers: gauge("Workers by state: starting, running, waiting to be started again, ended.", "state"),
  worker_restarts_total: counter(
    "Workers that were started again, because they ended without being asked to.",
    "worker",
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricTable;

export type HistogramName = {
  [Name in MetricName]: (typeof metricTable)[Name]["type"] extends "histogram" ? Name : never;
}[MetricName];

export type Labels = Readonly<Record<string, string>>;

/** A number that a hot loop can hold on to: no look-up per event. */
export interface Cell {
  value: number;
}

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly cell: HistogramCell;
}

/** At most this many label sets per metric; what comes later is counted under `other`. */
export const MAX_SERIES = 1_000;
/** A histogram has a series for each bucket. */
export const MAX_HISTOGRAMS = 100;

type Family<T> = Map<string, { readonly labels: Labels; readonly cell: T }>;

export class Metrics {
  private readonly series = new Map<string, Family<Cell>>();
  private readonly histograms = new Map<string, Family<HistogramCell>>();

  /** The counter or gauge for these labels, made on first use. */
  cell(name: string, labels: Labels = {}): Cell {
    return cellOf(familyOf(this.series, name), labels, MAX_SERIES, () => ({ value: 0 }));
  }

  /** The histogram for these labels, made on first use. */
  histogram(name: HistogramName, labels: Labels = {}): HistogramCell {
    const { buckets = [] }: MetricDefinition = metricTable[name];
    const make = () => new HistogramCell(buckets);
    return cellOf(familyOf(this.histograms, name), labels, MAX_HISTOGRAMS, make);
  }

  histogramSamples(name: string): readonly HistogramSample[] {
    return [...(this.histograms.get(name)?.values() ?? [])];
  }

  count(name: string, n: number, labels?: Labels): void {
    this.cell(name, labels).value += n;
  }

  set(name: string, value: number, labels?: Labels): void {
    this.cell(name, labels).value = value;
  }

  /** Sum over all label sets. */
  total(name: string): number {
    let sum = 0;
    for (const { cell } of this.series.get(name)?.values() ?? []) sum += cell.value;
    return sum;
  }

  samples(name: string): readonly Sample[] {
    return [...(this.series.get(name)?.values() ?? [])].map(({ labels, cell }) => ({
      name,
      labels,
      value: cell.value,
    }));
  }
}

function familyOf<T>(of: Map<string, Family<T>>, name: string): Family<T> {
  const known = of.get(name);
  if (known) return known;
  const family: Family<T> = new Map();
  of.set(name, family);
  return family;
}

function cellOf<T>(family: Family<T>, labels: Labels, most: number, make: () => T): T {
  const key = JSON.stringify(labels);
  const known = family.get(key);
  if (known) return known.cell;
  const other = Object.fromEntries(Object.keys(labels).map((label) => [label, "other"]));
  if (family.size >= most && JSON.stringify(other) !== key) return cellOf(family, other, most, make);
  const cell = make();
  family.set(key, { labels, cell });
  return cell;
}
