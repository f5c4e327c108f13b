import { describe, expect, it } from "vitest";

import { compile } from "../../src/config/check.ts";
import {
  checkEnablement,
  declaredEnablement,
  enablementFile,
  type EnablementFile,
} from "../../src/destinations/enablement.ts";

function file(...environments: object[]): EnablementFile {
  const value = { environments: structuredClone(environments) };
  const { validate } = compile(enablementFile);
  if (!validate(value)) throw new Error(JSON.stringify(validate.errors));
  return value as EnablementFile;
}

describe("enablement.yaml", () => {
  it.each([
    ["an unknown key", { environment: "e", flag: [] }],
    ["no environment", { flags: ["a"] }],
    ["a flag that is no text", { environment: "e", flags: [5] }],
    ["an empty flag key", { environment: "e", flags: [""] }],
  ])("is refused with %s", (_, environment) => {
    expect(() => file(environment)).toThrow();
  });

  it("is refused with an environment or a flag listed twice, which is said with its place", () => {
    const twice = file(
      { environment: "e" },
      { environment: "e", project: "p" },
      { environment: "e", flags: ["a", "b", "a"] },
    );
    expect([...checkEnablement(twice)].map(({ path, code }) => [path.join("."), code])).toEqual([
      ["environments.2.environment", "not-unique"],
      ["environments.2.flags.2", "not-unique"],
    ]);
    expect(() => declaredEnablement(twice)).toThrow("environments.2.environment");
  });

  it("exports, of a listed environment, its events and no flag but those listed", () => {
    const enablement = declaredEnablement(file({ environment: "e", flags: ["a"] }));
    expect(enablement.forEnvironment("p", "e")).toEqual({
      allFlags: false,
      events: true,
      flags: new Set(["a"]),
    });
    expect(enablement.forEnvironment("p", "other")).toBeUndefined();
  });

  it("prefers the entry that names the project", () => {
    const enablement = declaredEnablement(
      file({ environment: "e" }, { environment: "e", project: "p", allFlags: true }),
    );
    expect(enablement.forEnvironment("p", "e")?.allFlags).toBe(true);
    expect(enablement.forEnvironment("q", "e")?.allFlags).toBe(false);
  });
});
