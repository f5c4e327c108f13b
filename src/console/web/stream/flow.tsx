// The pipeline as it is drawn on paper: stages, and between them arrows with what flows along them now.

import type { ArrowSnapshot, LaneSnapshot, PipelineSnapshot, StageShape } from "../api-types.ts";
import { compact, perSecond } from "../format.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Meter } from "./meter.tsx";

export function Flow({ pipeline }: { readonly pipeline: PipelineSnapshot }) {
  const { stages, arrows, lanes } = pipeline;
  const chain = stages.filter(({ role }) => role !== "sink");
  const sinks = stages.filter(({ role }) => role === "sink");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls when it is wide, and the keyboard must reach it for that.
    <section class="flow" aria-label="The pipeline" tabIndex={0}>
      <ol class="flow-chain">
        {chain.map((stage, i) => (
          <li key={stage.name} class="flow-item">
            <Stage stage={stage} pipeline={pipeline} />
            <Arrow arrow={arrows[i]} />
          </li>
        ))}
        <li class="flow-item">
          <div class="flow-sinks">
            {sinks.map((stage) => (
              <Sink
                key={stage.name}
                stage={stage}
                pipeline={pipeline}
                lanes={lanes.filter(({ sink }) => sink === stage.name)}
              />
            ))}
          </div>
        </li>
      </ol>
    </section>
  );
}

interface SinkProps {
  readonly stage: StageShape;
  readonly pipeline: PipelineSnapshot;
  readonly lanes: readonly LaneSnapshot[];
}

function Sink({ stage, pipeline, lanes }: SinkProps) {
  return (
    <>
      <Stage stage={stage} pipeline={pipeline} />
      {lanes.length > 0 && (
        <ul class="flow-lanes" aria-label={`Lanes of ${stage.name}`}>
          {lanes.map((lane) => (
            <Lane key={lane.name} lane={lane} />
          ))}
        </ul>
      )}
    </>
  );
}

function Stage({ stage, pipeline }: { readonly stage: StageShape; readonly pipeline: PipelineSnapshot }) {
  const leaving = [
    ...pipeline.dropped.map(({ stage: at, reason, perSecond: rate, count }) => ({
      at,
      why: reason,
      rate,
      count,
      isBad: false,
    })),
    ...pipeline.deadLetters.map(({ stage: at, code, perSecond: rate, count }) => ({
      at,
      why: code,
      rate,
      count,
      isBad: true,
    })),
  ].filter(({ at, count }) => (at === stage.name || at === stage.type) && count > 0);
  return (
    <div class="flow-stage">
      <span class="muted small">{stage.role}</span>
      <span class="strong mono">{stage.name}</span>
      {leaving.length > 0 && (
        <ul class="flow-leaving">
          {leaving.map(({ why, rate, count, isBad }) => (
            <li key={why} data-bad={isBad} title={`${count} since the start`}>
              <span>
                <span aria-hidden="true">↓ </span>
                {isBad && <span class="visually-hidden">dead letter: </span>}
                {why}
              </span>
              <span class="nowrap">
                {perSecond(rate)} <span class="muted">{compact(count)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Arrow({ arrow }: { readonly arrow: ArrowSnapshot | undefined }) {
  if (!arrow) return null;
  return (
    <div class="flow-arrow" data-flows={arrow.perSecond > 0}>
      <span class="flow-rate">{perSecond(arrow.perSecond)}</span>
      <span class="flow-line" aria-hidden="true" />
      <span class="muted small">{arrow.shape}</span>
    </div>
  );
}

const STATES: Readonly<Record<string, { readonly tone: Tone; readonly word: string }>> = {
  open: { tone: "ok", word: "Open" },
  throttled: { tone: "warn", word: "Slowed down" },
  broken: { tone: "bad", word: "Unavailable" },
  parked: { tone: "bad", word: "Parked" },
};

function Lane({ lane }: { readonly lane: LaneSnapshot }) {
  const { title, state, waiting, writes, perSecond: rate, limit, limiterUse } = lane;
  return (
    <li class="flow-stage">
      <span class="row spread">
        <span class="strong wrap-anywhere">{title}</span>
        <Badge {...(STATES[state] ?? { tone: "quiet" as const, word: state })} />
      </span>
      <span>
        {perSecond(rate)}
        {limit.events !== null && <span class="muted"> of {compact(limit.events)}/s</span>}
      </span>
      <Meter of={limiterUse} label={`Limiter use of ${title}`} />
      <span class="muted small">
        {compact(waiting)} waiting, {writes} {writes === 1 ? "request" : "requests"} under way
      </span>
    </li>
  );
}
