// docs/metrics.md, from the one table of metrics.

import {
  MAX_HISTOGRAMS,
  MAX_SERIES,
  type MetricDefinition,
  type MetricName,
  metricTable,
  supervisorTable,
} from "../engine/metrics.ts";

export const METRICS_PAGE = "docs/metrics.md";

const groups: readonly (readonly [title: string, holds: RegExp])[] = [
  ["Pub/Sub", /^source_/],
  ["Destinations", /^(sink|event)_/],
  ["Dead letters", /^dead_letter/],
  ["Backfill", /^backfill_/],
  ["Records and values", /^/],
];

/** Markdown; ends with a line break. */
export function metricsReference(): string {
  const left = new Set(Object.keys(metricTable) as MetricName[]); // The table's own keys.
  const sections = groups.map(([title, holds]) => {
    const names = [...left].filter((name) => holds.test(name));
    for (const name of names) left.delete(name);
    return `## ${title}\n\n${table(Object.fromEntries(names.map((name) => [name, metricTable[name]])))}`;
  });
  return `${[intro, ...sections, ofTheProcess].join("\n\n")}\n`;
}

const intro = `# Metrics

<!-- Made by \`make docs\` from src/engine/metrics.ts. Edits are lost. -->

\`sluice run --metrics 127.0.0.1:9464\` (and \`sluice backfill\`) serves them for Prometheus at \`/metrics\`; health is beside it,
see [health](operating.md#health). With \`--otlp\` the same table goes to an OpenTelemetry collector. Every name starts with
\`sluice_\`, and every metric of the tables has the label \`pipeline\`.

Labels are bounded: a metric has at most ${MAX_SERIES.toLocaleString("en")} label sets for each pipeline, a histogram ${MAX_HISTOGRAMS}; what comes later is
counted with \`other\` in every label, so that sums stay right. There is no label for an event, a message or a user.

Counting costs the same with and without the page: numbers are read when somebody asks.`;

const ofTheProcess = `## Of several workers

\`sluice run --workers\` has one page for all: counters and histograms are added up, with what workers that ended had counted, so that
none ever falls; gauges are added up too, but for states, ages and times, of which the worst or latest is shown. What belongs to a process
(below) has the label \`worker\`: its number, or \`supervisor\`. Two metrics tell about the workers, without the label \`pipeline\`:

${table(supervisorTable)}

## Of the process

\`sluice_build_info{version,node}\` is always 1; \`sluice_heap_limit_bytes\` is what the heap may grow to. The defaults of prom-client come with it, without the label \`pipeline\`:
\`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, \`process_open_fds\`, \`process_start_time_seconds\`,
\`nodejs_eventloop_lag_p99_seconds\` and its kin, \`nodejs_heap_size_used_bytes\`, \`nodejs_heap_size_total_bytes\`,
\`nodejs_gc_duration_seconds\`, \`nodejs_active_resources\`.`;

function table(metrics: Readonly<Record<string, MetricDefinition>>): string {
  const rows = Object.entries(metrics).map(([name, { type, labels, help, buckets }]) => {
    const bounds = buckets ? ` Buckets: ${buckets.join(", ")}.` : "";
    const shown = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`sluice_${name}\` | ${type} | ${shown} | ${help}${bounds} |`;
  });
  return ["| metric | type | labels | what it is |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
