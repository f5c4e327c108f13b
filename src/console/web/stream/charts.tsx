// The last minutes or the last hour, in three charts.

import { useState } from "preact/hooks";

import { call, pathOf } from "../api.ts";
import type { History } from "../api-types.ts";
import { duration, perSecond } from "../format.ts";
import { ticks } from "../live-stream.ts";
import { Shown } from "../parts/states.tsx";
import { useLoad } from "../use-load.ts";
import { Chart, type Line } from "./chart.tsx";

const SPANS = [
  { minutes: 5, name: "5 minutes", words: "five minutes", everyMs: 2_000 },
  { minutes: 60, name: "1 hour", words: "hour", everyMs: 10_000 },
] as const;

export function Charts({ name }: { readonly name: string }) {
  const [minutes, setMinutes] = useState<5 | 60>(60);
  const span = SPANS.find((one) => one.minutes === minutes) ?? SPANS[0];
  const loaded = useLoad(
    `history ${name} ${minutes}`,
    (signal) =>
      call<History>("GET", `/api/v2/pipelines${pathOf(name)}/history?minutes=${minutes}`, { signal }),
    ticks(span.everyMs),
  );
  return (
    <section class="section" aria-label="Charts">
      <div class="row spread">
        <h2>The last {span.words}</h2>
        <fieldset class="field choices">
          <legend class="visually-hidden">Time shown</legend>
          {SPANS.map((one) => (
            <label key={one.minutes} class="choice">
              <input
                type="radio"
                name="span"
                checked={one.minutes === minutes}
                onChange={() => setMinutes(one.minutes)}
              />
              {one.name}
            </label>
          ))}
        </fieldset>
      </div>
      <Shown of={loaded} what="charts">
        {(history) => <Three history={history} />}
      </Shown>
    </section>
  );
}

function Three({ history }: { readonly history: History }) {
  const rate = (value: number) => perSecond(value);
  const flow: readonly Line[] = [
    { name: "Received", values: history.received, colour: "--muted", dash: [4, 4] },
    { name: "Delivered", values: history.delivered, colour: "--ok" },
    { name: "Dropped", values: history.dropped, colour: "--warn" },
    { name: "Dead-lettered", values: history.deadLettered, colour: "--bad" },
  ];
  const held: readonly Line[] = [{ name: "In flight", values: history.inFlight, colour: "--accent" }];
  const late: readonly Line[] = [{ name: "Lag", values: history.lagMs, colour: "--accent" }];
  const percent = (values: History["limiterUse"]) =>
    values.map((value) => (value === null ? null : value * 100));
  const limiter: readonly Line[] = [
    { name: "Limiter use", values: percent(history.limiterUse), colour: "--accent" },
    { name: "Waiting for it", values: percent(history.limiterWaitShare), colour: "--warn" },
  ];
  return (
    <div class="charts">
      <Chart title="Events a second" at={history.at} lines={flow} format={rate} />
      <Chart
        title="Records in flight"
        at={history.at}
        lines={held}
        format={(value) => String(Math.round(value))}
      />
      <Chart title="Lag" at={history.at} lines={late} format={duration} />
      <Chart
        title="Limiter"
        at={history.at}
        lines={limiter}
        format={(value) => `${Math.round(value)} %`}
        most={100}
      />
    </div>
  );
}
