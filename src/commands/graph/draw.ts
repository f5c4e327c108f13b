// The graph in each notation. Names come from files that anyone may write: everything is escaped.

import type { Graph, GraphNode } from "./plan.ts";
import { svg } from "./svg.ts";

export const notations = ["text", "mermaid", "dot", "svg"] as const;
export type Notation = (typeof notations)[number];

export function draw(graph: Graph, notation: Notation): string {
  return drawers[notation](graph);
}

const drawers: Readonly<Record<Notation, (graph: Graph) => string>> = { text, mermaid, dot, svg };

/** For a terminal: the main way from top to bottom, the dead letters last. */
function text({ name, nodes, edges }: Graph): string {
  const lines = [printable(name), ""];
  for (const node of nodes) {
    const way = edges.find(({ to, aside }) => to === node.id && !aside);
    const isLane = node.role === "destination";
    if (way && !isLane) lines.push("  │", `  ▼ ${way.label}`);
    if (node.role === "dead-letters") lines.push("");
    lines.push(`${isLane ? "    └─▶ " : ""}${node.role} ${printable(node.title)}`);
    for (const line of node.lines) lines.push(`${isLane ? "          " : "    "}${printable(line)}`);
  }
  return lines.join("\n");
}

/** Mermaid docs, "Flowcharts": texts in quotes, entities by number. */
function mermaid({ nodes, edges }: Graph): string {
  const label = ({ role, title, lines }: GraphNode) =>
    [`${role} ${title}`, ...lines].map(mermaidText).join("<br/>");
  return [
    "flowchart TD",
    ...nodes.map((node) => `  ${node.id}["${label(node)}"]`),
    ...edges.map(({ from, to, label, aside }) =>
      aside
        ? `  ${from} -. "${mermaidText(label)}" .-> ${to}`
        : `  ${from} -- "${mermaidText(label)}" --> ${to}`,
    ),
  ].join("\n");
}

function mermaidText(value: string): string {
  return printable(value).replaceAll(/["#&<>`\\]/g, (c) => `#${c.codePointAt(0)};`);
}

/** Graphviz docs, "The DOT Language": texts in quotes, where only quotes and backslashes mean something. */
function dot({ name, nodes, edges }: Graph): string {
  const label = ({ role, title, lines }: GraphNode) =>
    quoted([`${role} ${title}`, ...lines].map((line) => dotText(line)).join("\\n"));
  return [
    `digraph ${quoted(dotText(name))} {`,
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ...nodes.map((node) => `  ${node.id} [label=${label(node)}];`),
    ...edges.map(({ from, to, label, aside }) => {
      const style = aside ? ", style=dashed" : "";
      return `  ${from} -> ${to} [label=${quoted(dotText(label))}${style}];`;
    }),
    "}",
  ].join("\n");
}

function dotText(value: string): string {
  return printable(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

function quoted(value: string): string {
  return `"${value}"`;
}

function printable(value: string): string {
  return value.replaceAll(/\p{Cc}/gu, " ");
}
