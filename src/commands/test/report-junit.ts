// The XML that build servers read ("JUnit" format, as Jenkins, GitLab and GitHub actions take it): a suite a file.

import { differenceLines, type FileCases } from "./report.ts";
import { xml } from "../xml-text.ts";

export function junitReport(files: readonly FileCases[]): string {
  const all = files.flatMap(({ cases }) => cases);
  const failures = all.filter(({ differences }) => differences.length > 0).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sluice test" tests="${all.length}" failures="${failures}" errors="0" time="${seconds(all)}">`,
    ...files.flatMap(suite),
    "</testsuites>",
  ].join("\n");
}

function suite(one: FileCases): string[] {
  const { file, cases } = one;
  const failures = cases.filter(({ differences }) => differences.length > 0).length;
  return [
    `  <testsuite name="${xml(file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds(cases)}">`,
    ...cases.flatMap((test) => {
      const head = `    <testcase name="${xml(test.name)}" classname="${xml(file)}" file="${xml(file)}" line="${test.at.line}" time="${seconds([test])}"`;
      if (test.differences.length === 0) return [`${head}/>`];
      const text = differenceLines(file, test).join("\n");
      const count = test.differences.length === 1 ? "1 difference" : `${test.differences.length} differences`;
      return [
        `${head}>`,
        `      <failure message="${count}" type="difference">${xml(text)}</failure>`,
        "    </testcase>",
      ];
    }),
    "  </testsuite>",
  ];
}

function seconds(cases: readonly { readonly tookMs: number }[]): string {
  return (cases.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000).toFixed(3);
}
