// One chart, drawn by uPlot. The canvas says nothing to those who do not see it, so the caption has the latest values.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

import { paint } from "../theme.ts";

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Name of a colour in tokens.css. */
  readonly colour: string;
  readonly dash?: number[];
}

export interface ChartProps {
  readonly title: string;
  /** Unix milliseconds. */
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The top of the scale; undefined: as high as the values are. */
  readonly most?: number;
}

const HEIGHT = 150;
/** So few make no line that is seen. */
const FEW_POINTS = 4;

export function Chart({ title, at, lines, format, most }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const colours = paint.value;
  const data: uPlot.AlignedData = [at.map((ms) => ms / 1000), ...lines.map(({ values }) => [...values])];
  // Colours are painted: other ones are another chart.
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      optionsOf({ title, at, lines, format, ...(most === undefined ? {} : { most }) }, element),
      data,
      element,
    );
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [colours]);
  useEffect(() => {
    chart.current?.setData(data);
  }, [data]);
  const latest = lines.map(({ values }) => values.at(-1));
  return (
    <figure class="chart">
      <figcaption class="row">
        <span class="strong">{title}</span>
        {lines.map(({ name, colour, dash }, i) => {
          const value = latest[i];
          return (
            <span key={name} class="chart-key">
              <span
                class="chart-swatch"
                data-colour={colour}
                data-dashed={dash !== undefined}
                aria-hidden="true"
              />
              {lines.length > 1 && `${name} `}
              <span class="muted">{value === undefined || value === null ? "–" : format(value)}</span>
            </span>
          );
        })}
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}

function optionsOf({ lines, format, most }: ChartProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => resolved(element, name);
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: atLeastAMinute },
      y: { range: (_, __, high) => [0, most ?? Math.max(high * 1.1, 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_, times) => clocks(times), space: 70, size: 28 },
      { ...axis, size: 58, space: 36, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: token, dash }) => ({
        label: name,
        stroke: colour(token),
        width: 1.5,
        points: { show: ({ data: [times] }: uPlot) => times.length < FEW_POINTS, size: 4 },
        spanGaps: false,
        ...(dash ? { dash } : {}),
      })),
    ],
  };
}

/** A canvas does not understand `light-dark()`: the browser is asked what it comes to here. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function atLeastAMinute(_: uPlot, first: number, last: number): [number, number] {
  return [Math.min(first, last - 60), last];
}

const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT_SPAN_SECONDS = 360;

/** With seconds where minutes would repeat. */
function clocks(times: readonly number[]): string[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const format = span < SHORT_SPAN_SECONDS ? seconds : minutes;
  return times.map((one) => format.format(new Date(one * 1000)));
}
