// A pipeline as a graph: what is drawn, whatever the notation.

import type { LoadedPipeline } from "../../config/load.ts";
import type { LoadedSink } from "../../config/sinks.ts";
import type { Shape, StageDefinition } from "../../engine/contracts.ts";

export interface GraphNode {
  /** Letters, digits and underscores: an identifier in every notation. */
  readonly id: string;
  readonly role: "source" | "transform" | "sink" | "dead-letters" | "destination";
  readonly title: string;
  /** What matters about it, a line each. */
  readonly lines: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Not the main way: what goes to the dead letters. */
  readonly aside: boolean;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function graphOf(pipeline: LoadedPipeline): Graph {
  const { name, source, transforms, sinks, deadLetters, inFlight } = pipeline;
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  let shape = source.definition.emits;
  const bounds = `in flight: ${inFlight.records} records, ${Math.round(inFlight.bytes / 1024 ** 2)} MiB`;
  nodes.push(nodeOf("source", source.definition, [bounds]));
  let last = nodes[0]!.id;
  for (const [i, { definition, config }] of transforms.entries()) {
    const drops = Object.keys(definition.drops ?? {});
    const node = nodeOf(
      "transform",
      definition,
      drops.length > 0 ? [`drops: ${drops.join(", ")}`] : [],
      i + 1,
    );
    nodes.push(node);
    edges.push({ from: last, to: node.id, label: shape, aside: false });
    shape = nextShape(shape, definition.shapeOf?.(config as never) ?? definition.emits);
    last = node.id;
  }
  for (const [i, sink] of sinks.entries())
    addSink({ nodes, edges }, { sink, from: last, shape, n: sinks.length > 1 ? i + 1 : undefined }, pipeline);
  const { size, max } = deadLetters.window;
  const dead = nodeOf("dead-letters", deadLetters.definition, [`stops after ${max} of the last ${size}`]);
  nodes.push(dead);
  for (const node of nodes) {
    if (node.role === "transform" || node.role === "sink")
      edges.push({ from: node.id, to: dead.id, label: "bad data", aside: true });
  }
  return { name, nodes, edges };
}

interface PlacedSink {
  readonly sink: LoadedSink;
  readonly from: string;
  readonly shape: Shape;
  /** Undefined: it is the only one. */
  readonly n: number | undefined;
}

function addSink(
  { nodes, edges }: { readonly nodes: GraphNode[]; readonly edges: GraphEdge[] },
  { sink, from, shape, n }: PlacedSink,
  { destinations }: LoadedPipeline,
): void {
  const { definition, name, when } = sink;
  const lines = when === undefined ? [] : [`when ${when.text}`];
  const node = nodeOf("sink", definition, lines, n);
  const end = name === definition.type ? node : { ...node, title: `${name} (${definition.type})` };
  nodes.push(end);
  edges.push({ from, to: end.id, label: shape, aside: false });
  // Lanes: the destinations are what a sink of Segment events sends to.
  if (definition.accepts !== "segment-event") return;
  for (const [i, one] of destinations.all().entries()) {
    const { events, requests } = one.config.rates;
    const lane: GraphNode = {
      id: `destination${n ?? ""}_${i + 1}`,
      role: "destination",
      title: one.name,
      lines: [
        `environment ${one.environment}${one.on ? "" : " (off)"}`,
        `at most ${events} events/s, ${requests} requests/s`,
        one.config.endpoint,
      ],
    };
    nodes.push(lane);
    edges.push({ from: end.id, to: lane.id, label: "lane", aside: false });
  }
}

/** A transform of any shape hands on what it was given. */
function nextShape(given: Shape, emits: Shape): Shape {
  return emits === "any" ? given : emits;
}

function nodeOf(
  role: GraphNode["role"],
  { type }: StageDefinition,
  lines: readonly string[],
  n?: number,
): GraphNode {
  const id = `${role}${n ?? ""}_${type}`.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return { id, role, title: type, lines };
}
