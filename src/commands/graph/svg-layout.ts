// Where each card of a picture stands: one layer for each step from the source on, dead letters in a column of their
// own at the right. A layer with more cards than fit beside each other becomes a block of rows.

import type { Graph, GraphEdge, GraphNode } from "./plan.ts";

export const CARD_WIDTH = 272;
export const HEAD_HEIGHT = 44;
export const LINE_HEIGHT = 17;
const CARD_PADDING = 10;
const LAYER_GAP = 54;
const GAP = 20;
const MARGIN = 24;
const TITLE_HEIGHT = 44;
const SIDE_GAP = 76;
const MOST_BESIDE = 3;
/** Cards of one layer beyond this are told as a number: a picture of 1,000 lanes helps nobody. */
const MOST_IN_LAYER = 24;

export interface Card {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly layer: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly Card[];
  /** The card that takes what cannot be delivered. */
  readonly aside: Card | undefined;
  /** By layer: how many cards are left out. */
  readonly leftOut: ReadonlyMap<number, number>;
  readonly edges: readonly { readonly edge: GraphEdge; readonly from: Card; readonly to: Card }[];
}

/** What fits on a card, at the widths of a common sans-serif. */
const LINE_CHARACTERS = 34;

export function layout({ nodes: given, edges }: Graph): Layout {
  const nodes = given.map((node) => ({ ...node, lines: node.lines.flatMap(wrapped) }));
  const isAside = ({ role }: GraphNode) => role === "dead-letters";
  const layers = layersOf(
    nodes.filter((node) => !isAside(node)),
    edges,
  );
  const beside = Math.min(
    MOST_BESIDE,
    Math.max(1, ...layers.map((layer) => Math.min(layer.length, MOST_IN_LAYER))),
  );
  const mainWidth = beside * CARD_WIDTH + (beside - 1) * GAP;
  const leftOut = new Map<number, number>();
  const cards: Card[] = [];
  let y = MARGIN + TITLE_HEIGHT;
  for (const [index, layer] of layers.entries()) {
    if (layer.length > MOST_IN_LAYER) leftOut.set(index, layer.length - MOST_IN_LAYER);
    const shown = layer.slice(0, MOST_IN_LAYER);
    for (let row = 0; row < shown.length; row += MOST_BESIDE) {
      const inRow = shown.slice(row, row + MOST_BESIDE);
      const rowWidth = inRow.length * CARD_WIDTH + (inRow.length - 1) * GAP;
      const height = Math.max(...inRow.map(heightOf));
      for (const [i, node] of inRow.entries()) {
        const x = MARGIN + (mainWidth - rowWidth) / 2 + i * (CARD_WIDTH + GAP);
        cards.push({ node, x, y, height, layer: index });
      }
      y += height + GAP;
    }
    y += LAYER_GAP - GAP;
  }
  const bottom = y - LAYER_GAP;
  const dead = nodes.find(isAside);
  const aside = dead && asideCard(dead, MARGIN + mainWidth + SIDE_GAP, cards, edges);
  const byId = new Map([...cards, ...(aside ? [aside] : [])].map((card) => [card.node.id, card]));
  return {
    width: MARGIN * 2 + mainWidth + (aside ? SIDE_GAP + CARD_WIDTH : 0),
    height:
      Math.max(bottom, aside ? aside.y + aside.height : 0) + MARGIN + (leftOut.size > 0 ? LINE_HEIGHT : 0),
    ...{ cards, aside, leftOut },
    edges: edges.flatMap((edge) => {
      const from = byId.get(edge.from);
      const to = byId.get(edge.to);
      return from && to ? [{ edge, from, to }] : [];
    }),
  };
}

/** Beside the middle of those that feed it. */
function asideCard(node: GraphNode, x: number, cards: readonly Card[], edges: readonly GraphEdge[]): Card {
  const feeders = new Set(edges.filter(({ to }) => to === node.id).map(({ from }) => from));
  const fed = cards.filter((card) => feeders.has(card.node.id));
  const height = heightOf(node);
  const top = Math.min(...fed.map((card) => card.y), Number.POSITIVE_INFINITY);
  const bottom = Math.max(...fed.map((card) => card.y + card.height), 0);
  const middle = fed.length === 0 ? MARGIN + TITLE_HEIGHT + height / 2 : (top + bottom) / 2;
  return { node, x, y: Math.max(MARGIN + TITLE_HEIGHT, middle - height / 2), height, layer: -1 };
}

/** At spaces; a longer word is cut by whoever draws it. */
function wrapped(line: string): string[] {
  const lines = [""];
  for (const word of line.split(" ")) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= LINE_CHARACTERS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function heightOf({ lines }: GraphNode): number {
  return HEAD_HEIGHT + (lines.length > 0 ? lines.length * LINE_HEIGHT + CARD_PADDING : 0);
}

/** Each node one layer below the lowest that leads to it. The edges of a pipeline have no circles. */
function layersOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): GraphNode[][] {
  const depth = new Map(nodes.map(({ id }) => [id, 0]));
  for (let round = 0; round < nodes.length; round++) {
    let moved = false;
    for (const { from, to } of edges) {
      const above = depth.get(from);
      const own = depth.get(to);
      if (above === undefined || own === undefined || own > above) continue;
      depth.set(to, above + 1);
      moved = true;
    }
    if (!moved) break;
  }
  const layers: GraphNode[][] = [];
  for (const node of nodes) {
    const own = depth.get(node.id)!;
    const layer = layers[own] ?? [];
    layers[own] = layer;
    layer.push(node);
  }
  return layers.filter((layer) => layer !== undefined);
}
