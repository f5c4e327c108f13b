// What `sluice top` draws: lines of text, of any length.

import { styleText } from "node:util";

import type { LaneSnapshot, PipelineSnapshot, Snapshot } from "../../live/shapes/snapshot.ts";
import { number } from "../summary.ts";
import { bytes, duration } from "./lines.ts";

export const sortNames = ["name", "rate", "in flight", "lag"] as const;
export type SortName = (typeof sortNames)[number];

export interface TableOptions {
  /** Name of the pipeline whose details are shown; undefined: the first. */
  readonly chosen: string | undefined;
  readonly sort: SortName;
  readonly color: boolean;
  /** Lines that there is room for: of very many pipelines those about the chosen one are shown. */
  readonly rows: number;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const BAR = 10;
const HEAD_ROWS = 3;
const LEAST = 5;

export function topTable(snapshot: Snapshot, { chosen, sort, color, rows }: TableOptions): string[] {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const { process: about, at } = snapshot;
  const pipelines = sorted(snapshot.pipelines, sort);
  const head = `sluice ${about.command}  process ${about.pid}  up ${duration(Date.parse(at) - Date.parse(about.startedAt))}  ${bytes(about.rssBytes)}`;
  const keys = `↑↓ pipeline  s sort (${sort})  q quit`;
  const found = pipelines.findIndex(({ name }) => name === chosen);
  const place = Math.max(0, found);
  const one = pipelines[place];
  const below = one ? ["", ...details(one, paint)] : ["  no pipeline runs yet"];
  const columns = ["PIPELINE", "STATE", "IN/s", "OUT/s", "DROP/s", "DEAD/s", "IN FLIGHT", "LAG", "LIMIT"];
  return [
    `${paint("bold", head)}   ${paint("dim", keys)}`,
    "",
    paint("dim", row(columns, "  ")),
    ...around(place, pipelines, rows - HEAD_ROWS - below.length).map((pipeline) =>
      pipelineRow(pipeline, pipeline === one, paint),
    ),
    ...below,
  ];
}

/** As many as fit, and `LEAST` where few do, with the one at `place` among them. */
function around<T>(place: number, all: readonly T[], fit: number): readonly T[] {
  const size = Math.max(LEAST, fit);
  const from = Math.max(0, Math.min(place - (size >> 1), all.length - size));
  return all.slice(from, from + size);
}

const WIDTHS = [28, 9, 9, 9, 9, 8, 11, 9, 7];

function row(cells: readonly string[], mark: string): string {
  const padded = cells.map((cell, i) => (i < 2 ? inWidth(cell, WIDTHS[i]!) : cell.padStart(WIDTHS[i]!)));
  return mark + padded.join(" ");
}

function inWidth(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

function pipelineRow(one: PipelineSnapshot, isChosen: boolean, paint: Paint): string {
  const text = row(
    [
      one.name,
      one.definitions > 1 ? "reload" : one.state,
      number(one.valuesPerSecond),
      number(one.deliveredPerSecond),
      number(one.droppedPerSecond),
      number(one.deadLettersPerSecond),
      number(one.inFlight.records),
      duration(one.lagMs),
      `${Math.round(Math.max(0, ...one.lanes.map(({ limiterUse }) => limiterUse)) * 100)} %`,
    ],
    isChosen ? "▸ " : "  ",
  );
  if (isChosen) return paint("bold", text);
  return one.state === "failed" ? paint("red", text) : text;
}

function details(one: PipelineSnapshot, paint: Paint): string[] {
  const { inFlight } = one;
  const held = `in flight ${number(inFlight.records)} of ${number(inFlight.maxRecords)}, ${bytes(inFlight.bytes)} of ${bytes(inFlight.maxBytes)}`;
  const delivery = one.deliveryMs === null ? "" : `   publish to delivered ${duration(one.deliveryMs)}`;
  return [
    `${paint("bold", one.name)}  ${one.file}  version ${one.version}`,
    `${held}${delivery}`,
    "",
    paint(
      "dim",
      `  ${"STAGE".padEnd(28)} ${"OUT".padStart(12)} ${"OUT/s".padStart(9)}  DROPPED, DEAD-LETTERED`,
    ),
    ...one.stages.map((stage) => stageRow(one, stage.name, stage.type, paint)),
    "",
    paint(
      "dim",
      `  ${"LANE".padEnd(28)} ${inWidth("STATE", 9)} ${"OUT".padStart(12)} ${"OUT/s".padStart(9)} ${"WAITING".padStart(9)} ${"WRITES".padStart(7)} ${"RETRIED".padStart(9)}  LIMIT`,
    ),
    ...one.lanes.map((lane) => laneRow(lane, paint)),
  ];
}

function stageRow(one: PipelineSnapshot, name: string, type: string, paint: Paint): string {
  const arrow = one.arrows.find(({ from }) => from === name);
  const dropped = one.dropped
    .filter(({ stage }) => stage === type)
    .map(({ reason, count }) => `${reason} ${number(count)}`);
  const dead = one.deadLetters
    .filter(({ stage }) => stage === type)
    .map(({ code, count }) => `${code} ${number(count)}`);
  const out = arrow
    ? `${number(arrow.count).padStart(12)} ${number(arrow.perSecond).padStart(9)}`
    : " ".repeat(22);
  const notes = [paint("yellow", dropped.join(", ")), paint("red", dead.join(", "))];
  return `  ${inWidth(name, 28)} ${out}  ${notes.join(dropped.length > 0 && dead.length > 0 ? ", " : "")}`.trimEnd();
}

function laneRow(lane: LaneSnapshot, paint: Paint): string {
  const filled = Math.round(lane.limiterUse * BAR);
  const limit =
    lane.limit.events === null
      ? "none"
      : `${number(lane.used.events ?? 0)} of ${number(lane.limit.events)}/s`;
  const waits = lane.limiterWaitShare > 0.01 ? `, waits ${Math.round(lane.limiterWaitShare * 100)} %` : "";
  const state = inWidth(lane.state, 9);
  return [
    `  ${inWidth(lane.title, 28)}`,
    paint(lane.state === "open" ? "green" : "red", state),
    number(lane.delivered).padStart(12),
    number(lane.perSecond).padStart(9),
    number(lane.waiting).padStart(9),
    `${lane.writes}/${lane.writesAllowed}`.padStart(7),
    number(lane.retried).padStart(9),
    ` ${"█".repeat(filled)}${"░".repeat(BAR - filled)} ${limit}${waits}`,
  ].join(" ");
}

/** The highest first; by name from A. */
export function sorted(pipelines: readonly PipelineSnapshot[], by: SortName): PipelineSnapshot[] {
  const key = (one: PipelineSnapshot): number =>
    by === "rate" ? one.deliveredPerSecond : by === "in flight" ? one.inFlight.records : (one.lagMs ?? 0);
  const byName = (a: PipelineSnapshot, b: PipelineSnapshot) => (a.name < b.name ? -1 : 1);
  return [...pipelines].sort((a, b) => (by === "name" ? 0 : key(b) - key(a)) || byName(a, b));
}
