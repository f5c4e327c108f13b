import { expect, test } from "vitest";

import { type FileCases, reportTests } from "../../../src/commands/test/report.ts";

const outcome = {
  ...{ events: [], sinks: {}, drops: {}, deadLetters: {}, acked: 0, requests: [], limiter: {} },
  reasons: ["json-invalid: not <JSON> \u0007"],
};
const at = { line: 9, col: 13 };
const common = { at: { line: 5, col: 11 }, outcome, isEmpty: false, tookMs: 12 };
const files: FileCases[] = [
  {
    file: "a.test.yaml",
    pipeline: "a.yaml",
    cases: [
      { ...common, name: "it is so", differences: [] },
      {
        ...common,
        name: 'it is "not" so',
        differences: [
          { path: ["events", 0, "a b"], kind: "changed", want: 1, got: "1", at },
          { path: ["events", 1], kind: "unexpected", got: { a: "x".repeat(400) }, at },
          { path: ["acked"], kind: "missing", want: 2, at },
          {
            path: ["requests", 0, "body"],
            kind: "changed",
            want: `${"x".repeat(100)}1`,
            got: `${"x".repeat(100)}2`,
            at,
          },
          { path: [], kind: "failed", got: "it stopped", at },
        ],
      },
    ],
  },
];

test("a failed case says where, what was expected and what came", () => {
  expect(reportTests(files, "text", false).split("\n")).toEqual([
    "ok   a.test.yaml: it is so",
    'FAIL a.test.yaml:5:11: it is "not" so',
    '     events[0]["a b"]  a.test.yaml:9:13',
    "       - 1",
    '       + "1"',
    "     events[1]  a.test.yaml:9:13",
    "       - nothing",
    `       + {"a":"${"x".repeat(294)}…`,
    "     acked  a.test.yaml:9:13",
    "       - 2",
    "       + nothing",
    "     requests[0].body  a.test.yaml:9:13",
    "       from character 101 on (101 expected, 101 came)",
    `       - …"${"x".repeat(40)}1"`,
    `       + …"${"x".repeat(40)}2"`,
    "     the run failed: it stopped",
    "     dead letter json-invalid: not <JSON> \u0007",
  ]);
});

test("the report for build servers is well-formed, whatever the values hold", () => {
  const report = reportTests(files, "junit", false);
  expect(report).toContain('<testsuites name="sluice test" tests="2" failures="1" errors="0" time="0.024">');
  expect(report).toContain(
    '<testcase name="it is &quot;not&quot; so" classname="a.test.yaml" file="a.test.yaml" line="5"',
  );
  expect(report).toContain("json-invalid: not &lt;JSON&gt; \ufffd");
  const open = [...report.matchAll(/<(\w+)[^>]*[^/]>/g)].map((match) => match[1]);
  const closed = [...report.matchAll(/<\/(\w+)>/g)].map((match) => match[1]);
  expect(open.toSorted()).toEqual(closed.toSorted());
});

test("the report for programs has the same", () => {
  const { files: all } = JSON.parse(reportTests(files, "json", false));
  expect(all[0].cases[1].differences[0]).toEqual({
    ...{ path: 'events[0]["a b"]', kind: "changed", expected: 1, got: "1", line: 9, col: 13 },
  });
});
