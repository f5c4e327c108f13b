// Every metric there is, in one table, and the counters behind it. Base units; names end in their unit.

export type MetricType = "counter" | "gauge";

interface MetricDefinition {
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
}

const counter = (help: string, ...labels: string[]): MetricDefinition => ({ type: "counter", help, labels });
const gauge = (help: string, ...labels: string[]): MetricDefinition => ({ type: "gauge", help, labels });

/** Names without the `sluice_` prefix; every one also has the label `pipeline`. */
export const metricTable = {
  records_received_total: counter("Records taken in: messages, or blocks of a file."),
  records_acked_total: counter("Records settled as done."),
  records_given_back_total: counter("Records given back undelivered at a stop."),
  records_in_flight: gauge("Records taken and not settled."),
  bytes_in_flight: gauge("Bytes of records taken and not settled."),
  values_total: counter("Values that entered the first transform."),
  dropped_total: counter("Values dropped by a rule.", "stage", "reason"),
  dropped_by_detail_total: counter("Drops by detail (flag key, event kind); bounded.", "reason", "detail"),
  dead_letters_total: counter("Values written to the dead letters.", "stage", "code"),
  dead_letter_write_failures_total: counter("Failed writes of dead letters; they are held and tried again."),
  held_values: gauge("Values held until something they need can be fetched.", "stage"),
  stage_bugs_total: counter("Values on which a transform threw something unexpected.", "stage"),
  test_events_total: counter("LaunchDarkly test events seen."),
  implausible_times_total: counter("Events whose creation date is implausible."),
  sink_events_delivered_total: counter("Events accepted with 2xx.", "destination"),
  sink_bytes_delivered_total: counter("Encoded bytes accepted.", "destination"),
  sink_writes_total: counter("Write attempts by outcome.", "destination", "outcome"),
  sink_requests_total: counter("HTTP requests by status class.", "destination", "status_class"),
  sink_retries_total: counter("Events sent again, by fault code.", "destination", "code"),
  sink_splits_total: counter("Batches split to isolate a bad event.", "destination"),
  sink_rate_limit_wait_seconds_total: counter("Time work waited for the rate limit.", "destination"),
  sink_waiting_events: gauge("Events waiting in the lane.", "destination"),
  sink_writes_in_flight: gauge("Writes under way.", "destination"),
  sink_lane_state: gauge("0 open, 1 throttled, 2 broken, 3 parked.", "destination"),
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
  source_last_receive_timestamp_seconds: gauge("When a message last arrived, Unix time."),
  backfill_bytes_total: gauge("Bytes of all input files."),
  backfill_bytes_read: gauge("Bytes read so far."),
  backfill_files_total: gauge("Input files."),
  backfill_files_done: gauge("Input files read and settled."),
  backfill_damaged_blocks_total: counter("Damaged stretches of files that were skipped."),
} as const satisfies Record<string, MetricDefinition>;

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

/** At most this many label sets per metric; what comes later is counted under `other`. */
const MAX_SERIES = 1_000;

export class Metrics {
  private readonly series = new Map<string, Map<string, { labels: Labels; cell: Cell }>>();

  /** The counter or gauge for these labels, made on first use. */
  cell(name: string, labels: Labels = {}): Cell {
    let family = this.series.get(name);
    if (!family) {
      family = new Map();
      this.series.set(name, family);
    }
    const key = JSON.stringify(labels);
    const known = family.get(key);
    if (known) return known.cell;
    if (family.size >= MAX_SERIES) {
      const other = Object.fromEntries(Object.keys(labels).map((label) => [label, "other"]));
      if (JSON.stringify(other) !== key) return this.cellForced(family, other);
    }
    return this.cellForced(family, labels);
  }

  private cellForced(family: Map<string, { labels: Labels; cell: Cell }>, labels: Labels): Cell {
    const key = JSON.stringify(labels);
    const known = family.get(key);
    if (known) return known.cell;
    const cell: Cell = { value: 0 };
    family.set(key, { labels, cell });
    return cell;
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
