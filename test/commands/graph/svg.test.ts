import { expect, test } from "vitest";

import type { Graph, GraphNode } from "../../../src/commands/graph/plan.ts";
import { svg } from "../../../src/commands/graph/svg.ts";
import { CARD_WIDTH, layout } from "../../../src/commands/graph/svg-layout.ts";

const node = (id: string, role: GraphNode["role"], title = id, lines: string[] = []): GraphNode => ({
  ...{ id, role, title, lines },
});

/** A source, two transforms, a sink with so many lanes, and the dead letters. */
function graphOf(lanes: number, name = "demo", title = "t"): Graph {
  const destinations = Array.from({ length: lanes }, (_, i) =>
    node(`d${i}`, "destination", title, ["900 events/s"]),
  );
  const way = (from: string, to: string, aside = false) => ({
    from,
    to,
    label: aside ? "bad data" : "bytes",
    aside,
  });
  return {
    name,
    nodes: [
      node("s", "source"),
      node("a", "transform", title, ["drops: one, two, three, four, five, six, seven, eight, nine, ten"]),
      node("b", "transform"),
      node("k", "sink"),
      ...destinations,
      node("x", "dead-letters"),
    ],
    edges: [
      ...[way("s", "a"), way("a", "b"), way("b", "k")],
      ...destinations.map(({ id }) => way("k", id)),
      ...["a", "b", "k"].map((id) => way(id, "x", true)),
    ],
  };
}

test.each([0, 1, 2, 3, 4, 24, 25, 1_000])(
  "with %i lanes no card covers another, and all are inside",
  (lanes) => {
    const { cards, aside, width, height, leftOut } = layout(graphOf(lanes));
    const all = [...cards, aside!];
    for (const [i, one] of all.entries()) {
      expect(one.x).toBeGreaterThanOrEqual(0);
      expect(one.x + CARD_WIDTH).toBeLessThanOrEqual(width);
      expect(one.y + one.height).toBeLessThanOrEqual(height);
      for (const other of all.slice(i + 1)) {
        const apart =
          one.x + CARD_WIDTH <= other.x ||
          other.x + CARD_WIDTH <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart, `${one.node.id} and ${other.node.id}`).toBe(true);
      }
    }
    expect(cards.length + [...leftOut.values()].reduce((a, b) => a + b, 0)).toBe(4 + lanes);
  },
);

test("the picture needs nothing from elsewhere and follows the reader's colours", () => {
  const text = svg(graphOf(2));
  expect(text).toContain("@media (prefers-color-scheme: dark)");
  expect(text.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|<script|@import|href=/);
});

test("names by anyone stay text", () => {
  const text = svg(graphOf(1, `</style><script>alert(1)</script>&"`, `<img src=x onerror=alert(1)>\u0000`));
  expect(["<script", "<img", "\u0000"].filter((one) => text.includes(one))).toEqual([]);
  const open = [...text.matchAll(/<([a-z]+)(?:\s[^>]*[^/>])?>/g)].map((match) => match[1]);
  const closed = [...text.matchAll(/<\/([a-z]+)>/g)].map((match) => match[1]);
  expect(open.toSorted()).toEqual(closed.toSorted());
});

test("every way is drawn: one for each step, one for each lane of the first row, one for each that rejects", () => {
  const count = (lanes: number) => [...svg(graphOf(lanes)).matchAll(/<path class="way"/g)].length;
  expect([count(1), count(3), count(9)]).toEqual([4, 6, 6]);
  // Three that reject, the line where they meet, and the arrow.
  expect([...svg(graphOf(1)).matchAll(/<path class="way aside"/g)]).toHaveLength(5);
});
