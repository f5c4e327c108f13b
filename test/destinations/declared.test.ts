import { inspect } from "node:util";

import { describe, expect, it } from "vitest";

import { compile } from "../../src/config/check.ts";
import { Secret } from "../../src/config/secret.ts";
import {
  checkDestinations,
  declaredDestinations,
  destinationsFile,
  type DestinationsFile,
} from "../../src/destinations/declared.ts";

/** As the loader hands it over: defaults filled in, the write key wrapped. */
function file(...destinations: object[]): DestinationsFile {
  const value = { destinations: structuredClone(destinations) };
  const { validate } = compile(destinationsFile);
  if (!validate(value)) throw new Error(JSON.stringify(validate.errors));
  const loaded = value as DestinationsFile;
  for (const { config } of loaded.destinations) config.writeKey = new Secret(String(config.writeKey));
  return loaded;
}

const aDeclared = (with_: object = {}, config: object = {}) => ({
  id: "a",
  environment: "env",
  config: { writeKey: "the-key", ...config },
  ...with_,
});

describe("destinations.yaml", () => {
  it.each([
    ["an unknown key", aDeclared({ enviroment: "x" })],
    ["an unknown key of the configuration", aDeclared({}, { key: "x" })],
    ["no write key", { id: "a", environment: "env", config: {} }],
    ["no environment", { id: "a", config: { writeKey: "k" } }],
    ["an id with a slash", aDeclared({ id: "a/b" })],
    ["another kind", aDeclared({ kind: "mparticle" })],
    ["an unknown region", aDeclared({}, { region: "asia" })],
    ["an endpoint that is no HTTP address", aDeclared({}, { endpoint: "api.segment.io" })],
    ["credentials in an endpoint", aDeclared({}, { endpoint: "https://me:pw@segment.example" })],
    ["a rate of nothing", aDeclared({}, { eventsPerSecond: 0 })],
  ])("is refused with %s", (_, declared) => {
    expect(() => file(declared)).toThrow();
  });

  it("is refused with the same id twice, which is said with its place", () => {
    const twice = file(aDeclared(), aDeclared({ id: "b" }), aDeclared());
    expect([...checkDestinations(twice)]).toEqual([
      {
        path: ["destinations", 2, "id"],
        code: "not-unique",
        message: "the id a is already that of destination 1 of this file",
      },
    ]);
    expect(() => declaredDestinations(twice)).toThrow("destinations.2.id");
  });

  it("is refused with both a region and an endpoint", () => {
    const both = file(aDeclared({}, { region: "eu", endpoint: "https://proxy.example" }));
    expect([...checkDestinations(both)].map((problem) => problem.code)).toEqual(["region-and-endpoint"]);
  });

  it("gives destinations with every default filled in", () => {
    const [destination] = declaredDestinations(file(aDeclared())).all();
    expect(destination).toEqual({
      id: "a",
      name: "a",
      project: undefined,
      environment: "env",
      kind: "segment",
      on: true,
      version: 1,
      config: {
        writeKey: expect.any(Function),
        userIdContextKind: "user",
        anonymousIdContextKind: "anonymousUser",
        endpoint: "https://api.segment.io",
        rates: { events: 900, requests: 100, bytes: Number.POSITIVE_INFINITY },
      },
    });
    expect(destination?.config.writeKey()).toBe("the-key");
  });

  it.each([
    [{ region: "us" }, "https://api.segment.io"],
    [{ region: "eu" }, "https://events.eu1.segmentapis.com"],
    [{ endpoint: "http://127.0.0.1:8088/" }, "http://127.0.0.1:8088"],
    [{ endpoint: "https://proxy.example/segment//" }, "https://proxy.example/segment"],
  ])("sends with %j to %s", (config, endpoint) => {
    expect(declaredDestinations(file(aDeclared({}, config))).get("a")?.config.endpoint).toBe(endpoint);
  });

  it("never shows a write key by accident", () => {
    const destinations = declaredDestinations(file(aDeclared()));
    expect(inspect(destinations.all(), { depth: null }) + JSON.stringify(destinations.all())).not.toContain(
      "the-key",
    );
  });
});

describe("the destinations of an environment", () => {
  const destinations = declaredDestinations(
    file(
      aDeclared({ id: "any" }),
      aDeclared({ id: "p1", project: "p1" }),
      aDeclared({ id: "off", on: false }),
      aDeclared({ id: "other", environment: "other" }),
    ),
  );
  const idsFor = (project: string, environment: string) =>
    destinations.forEnvironment(project, environment).map((destination) => destination.id);

  it("are those that are on, of any project or of this one, in the order of the file", () => {
    expect(idsFor("p1", "env")).toEqual(["any", "p1"]);
    expect(idsFor("p2", "env")).toEqual(["any"]);
    expect(idsFor("p1", "other")).toEqual(["other"]);
    expect(idsFor("p1", "nowhere")).toEqual([]);
    expect(idsFor("p1", "constructor")).toEqual([]);
  });

  it("are the same list each time", () => {
    expect(destinations.forEnvironment("p1", "env")).toBe(destinations.forEnvironment("p1", "env"));
    expect(destinations.forEnvironment("x", "nowhere")).toBe(destinations.forEnvironment("y", "nowhere"));
  });

  it("include by id what is off", () => {
    expect(destinations.get("off")?.on).toBe(false);
    expect(destinations.get("missing")).toBeUndefined();
  });
});
