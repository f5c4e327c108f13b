import type { ComponentChildren } from "preact";

import type { PipelineSnapshot } from "../api-types.ts";
import { bytes, compact, duration, perSecond } from "../format.ts";
import { Meter } from "./meter.tsx";

/** The figures of a pipeline at a glance. */
export function Numbers({ pipeline }: { readonly pipeline: PipelineSnapshot }) {
  const { inFlight, lagMs, lanes } = pipeline;
  const use = Math.max(0, ...lanes.map(({ limiterUse }) => limiterUse));
  const waits = Math.max(0, ...lanes.map(({ limiterWaitShare }) => limiterWaitShare));
  return (
    <dl class="numbers">
      <Figure name="Received" value={perSecond(pipeline.receivedPerSecond)}>
        {compact(pipeline.received)} so far
      </Figure>
      <Figure name="Delivered" value={perSecond(pipeline.deliveredPerSecond)}>
        {compact(pipeline.delivered)} so far
      </Figure>
      <Figure name="Dropped" value={perSecond(pipeline.droppedPerSecond)}>
        {compact(sum(pipeline.dropped))} so far
      </Figure>
      <Figure name="Dead-lettered" value={perSecond(pipeline.deadLettersPerSecond)}>
        {compact(sum(pipeline.deadLetters))} so far
      </Figure>
      <Figure name="In flight" value={compact(inFlight.records)}>
        <Meter of={inFlight.records / inFlight.maxRecords} label="In flight" />
        of {compact(inFlight.maxRecords)}, {bytes(inFlight.bytes)}
      </Figure>
      <Figure name="Lag" value={lagMs === null ? "–" : duration(lagMs)}>
        {lagMs === null ? "the source knows no times" : "age of the oldest in hand"}
      </Figure>
      <Figure name="Limiter use" value={`${Math.round(use * 100)} %`}>
        <Meter of={use} label="Limiter use" />
        {waits > 0 ? `work waits ${Math.round(waits * 100)} % of the time` : "nothing waits for it"}
      </Figure>
    </dl>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>
        <span class="figure">{props.value}</span>
        <span class="muted small">{props.children}</span>
      </dd>
    </div>
  );
}

function sum(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
