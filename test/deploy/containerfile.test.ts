// What can be said of the image without building it.

import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

const lines = readFileSync("deploy/Containerfile", "utf8")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const lastFrom = lines.findLastIndex((line) => line.startsWith("FROM "));
const final = lines.slice(lastFrom);
const value = (instruction: string) =>
  final
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1));

it("ends with a stage without shell, package manager and build tools, in which nothing is run", () => {
  expect(value("FROM")[0]).toMatch(/distroless.*:nonroot$/);
  expect(value("RUN")).toEqual([]);
  expect(value("ENTRYPOINT")[0]).toMatch(/^\[/);
});

it("is nobody, and has one volume", () => {
  expect(value("USER")).toEqual(["65532:65532"]);
  expect(value("VOLUME")).toEqual(["/var/lib/sluice"]);
});

it("runs no install script, and checks signatures and provenance", () => {
  const installs = lines.filter((line) => /npm (ci|install)\b/.test(line));
  expect(installs.length).toBe(2);
  for (const line of installs) expect(line).toContain("--ignore-scripts");
  expect(lines.some((line) => line.includes("npm audit signatures"))).toBe(true);
});

it("starts what the package names as its program", () => {
  const { bin, name } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(value("ENTRYPOINT")[0]).toContain(`/app/node_modules/${name}/${bin.sluice}`);
});
