// The graph as a picture of its own: no fonts, scripts or links from elsewhere, light or dark as the reader's system is.
// Texts come from files that anyone may write: every one is escaped.

import { CARD_WIDTH, type Card, HEAD_HEIGHT, LINE_HEIGHT, type Layout, layout } from "./svg-layout.ts";
import type { Graph } from "./plan.ts";
import { xml } from "../xml-text.ts";

const RADIUS = 8;
const INDENT = 16;
/** What fits on a card, at the widths of a common sans-serif. */
const TITLE_CHARACTERS = 30;
const LINE_CHARACTERS = 34;

const STYLE = `
  .s { --paper: #ffffff; --card: #f6f7f9; --line: #c9ced6; --ink: #1b1f26; --soft: #5a6472; --way: #6b7686;
    --source: #2b6cb0; --transform: #6b46c1; --sink: #b7791f; --destination: #2f855a; --dead-letters: #c53030;
    font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
  @media (prefers-color-scheme: dark) { .s { --paper: #14171c; --card: #1e232b; --line: #39414d; --ink: #eceff4;
    --soft: #a3adbb; --way: #8590a0; --source: #63b3ed; --transform: #b794f4; --sink: #f6c667; --destination: #68d391;
    --dead-letters: #fc8181; } }
  .paper { fill: var(--paper); } .card { fill: var(--card); stroke: var(--line); }
  .name { fill: var(--ink); font-size: 18px; font-weight: 600; }
  .role { font-size: 11px; letter-spacing: 0.06em; } .title { fill: var(--ink); font-size: 14px; font-weight: 600; }
  .text { fill: var(--soft); font-size: 12px; } .shape { fill: var(--soft); font-size: 11px; }
  .halo { stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; paint-order: stroke; }
  .way { fill: none; stroke: var(--way); stroke-width: 1.5px; } .tip { fill: var(--way); }
  .aside { stroke: var(--dead-letters); stroke-dasharray: 4 4; } .aside-tip { fill: var(--dead-letters); }
`;

const ROLES = ["source", "transform", "sink", "destination", "dead-letters"] as const;

export function svg(graph: Graph): string {
  const plan = layout(graph);
  const { width, height } = plan;
  const colors = ROLES.map((role) => `.${role} { fill: var(--${role}); }`).join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t" class="s">`,
    `<title id="t">${xml(`Pipeline ${graph.name}`)}</title>`,
    `<style>${STYLE}  ${colors}\n</style>`,
    `<defs>${marker("tip", "tip")}${marker("aside-tip", "aside-tip")}</defs>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="name" x="24" y="42">${xml(shortened(graph.name, 60))}</text>`,
    ...mainWays(plan),
    ...asideWays(plan),
    ...[...plan.cards, ...(plan.aside ? [plan.aside] : [])].map(card),
    ...leftOut(plan),
    "</svg>",
  ].join("\n");
}

function marker(id: string, className: string): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="${className}" d="M0 0 8 4 0 8z"/></marker>`;
}

function card({ node, x, y, height }: Card): string {
  const { role, title, lines } = node;
  const at = (line: number) => y + HEAD_HEIGHT + line * LINE_HEIGHT + 8;
  return [
    `<g><title>${xml([`${role} ${title}`, ...lines].join("\n"))}</title>`,
    `<rect class="card" x="${x}" y="${y}" width="${CARD_WIDTH}" height="${height}" rx="${RADIUS}"/>`,
    `<path class="${role}" d="M${x + 4} ${y}h-${4 - RADIUS / 2}a${RADIUS} ${RADIUS} 0 0 0 -${RADIUS / 2} ${RADIUS}v${height - RADIUS * 2}a${RADIUS} ${RADIUS} 0 0 0 ${RADIUS / 2} ${RADIUS}h${4 - RADIUS / 2}z"/>`,
    `<text class="role ${role}" x="${x + INDENT}" y="${y + 18}">${xml(role)}</text>`,
    `<text class="title" x="${x + INDENT}" y="${y + 35}">${xml(shortened(title, TITLE_CHARACTERS))}</text>`,
    ...lines.map(
      (line, i) =>
        `<text class="text" x="${x + INDENT}" y="${at(i)}">${xml(shortened(line, LINE_CHARACTERS))}</text>`,
    ),
    "</g>",
  ].join("");
}

/** From card to card; to a layer of several rows one arrow to its first row, for all of them. */
function mainWays({ edges, cards }: Layout): string[] {
  const firstRow = new Map<number, number>();
  for (const { layer, y } of cards) firstRow.set(layer, Math.min(y, firstRow.get(layer) ?? y));
  return edges
    .filter(({ edge, to }) => !edge.aside && to.y === firstRow.get(to.layer))
    .map(({ edge, from, to }) => {
      const [x1, y1, x2, y2] = [
        from.x + CARD_WIDTH / 2,
        from.y + from.height,
        to.x + CARD_WIDTH / 2,
        to.y - 2,
      ];
      const bend = (y2 - y1) / 2;
      const path = `<path class="way" marker-end="url(#tip)" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
      if (edge.label === "") return path;
      const label = `<text class="shape halo" text-anchor="middle" x="${(x1 + x2) / 2}" y="${y1 + bend + 3}">${xml(shortened(edge.label, LINE_CHARACTERS))}</text>`;
      return path + label;
    });
}

/** All that goes to the dead letters meets on one line beside the way. */
function asideWays({ edges, aside }: Layout): string[] {
  if (!aside) return [];
  const feeders = edges.filter(({ edge, to }) => edge.aside && to === aside).map(({ from }) => from);
  if (feeders.length === 0) return [];
  const rail = aside.x - 32;
  const target = aside.y + aside.height / 2;
  const middles = feeders.map((from) => from.y + from.height / 2);
  const label = edges.find(({ edge }) => edge.aside)?.edge.label ?? "";
  return [
    ...feeders.map(
      (from, i) => `<path class="way aside" d="M${from.x + CARD_WIDTH} ${middles[i]}H${rail}"/>`,
    ),
    `<path class="way aside" d="M${rail} ${Math.min(...middles, target)}V${Math.max(...middles, target)}"/>`,
    `<path class="way aside" marker-end="url(#aside-tip)" d="M${rail} ${target}H${aside.x - 2}"/>`,
    `<text class="shape halo" text-anchor="middle" x="${rail}" y="${Math.min(...middles, target) - 8}">${xml(label)}</text>`,
  ];
}

function leftOut({ leftOut: hidden, height }: Layout): string[] {
  return [...hidden.values()].map(
    (count) =>
      `<text class="text" x="24" y="${height - 14}">and ${count} more destinations, which are not drawn</text>`,
  );
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
