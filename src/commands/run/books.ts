import type { Metrics } from "../../engine/metrics.ts";

/** The books of a whole run, in its last line: what came in is what went out. */
export function countsOf(metrics: Metrics): object {
  const retried: Record<string, number> = {};
  for (const { labels, value } of metrics.samples("sink_retries_total")) {
    const { code = "" } = labels;
    retried[code] = (retried[code] ?? 0) + value;
  }
  return {
    retried,
    received: metrics.total("records_received_total"),
    acked: metrics.total("records_acked_total"),
    givenBack: metrics.total("records_given_back_total"),
    handedOver: metrics.total("records_handed_over_total"),
    values: metrics.total("values_total"),
    delivered: metrics.total("sink_events_delivered_total"),
    dropped: metrics.total("dropped_total"),
    deadLettered: metrics.total("dead_letters_total"),
  };
}
