// The rules of the house that a program can check.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { metricTable } from "../src/engine/metrics.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function files(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending) && statSync(join(root, folder, path)).isFile())
    .map((path) => join(folder, path))
    .sort();
}

interface Import {
  readonly from: string;
  /** Path below the root, or the package's name. */
  readonly what: string;
  readonly typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const text = readFileSync(join(root, path), "utf8");
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?[^;"']*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm,
  );
  return [...statements].map((match) => {
    const name = match[2] ?? match[3] ?? match[4] ?? "";
    const what = name.startsWith(".") ? relative(root, resolve(root, dirname(path), name)) : name;
    return { from: path, what, typeOnly: match[1] !== undefined };
  });
}

const pages = [...files("src/console/web", ".ts"), ...files("src/console/web", ".tsx")];
const sources = [...files("src", ".ts"), ...files("src", ".tsx")];
const imports = sources.flatMap(importsOf);
const room = (path: string) => path.split("/")[1] ?? "";

describe("the directions between the rooms", () => {
  /** What each room may use besides itself, `engine` and packages: rooms, or single files of one. */
  const allowed: Record<string, readonly string[]> = {
    engine: [],
    events: [],
    avro: ["events"],
    pubsub: ["avro"],
    sources: ["avro", "pubsub"],
    expressions: ["events", "config/suggest.ts"],
    transforms: ["avro", "pubsub", "events", "expressions", "config/secret.ts"],
    transcode: ["avro", "events", "transforms"],
    sinks: ["events", "sources", "pubsub"],
    destinations: ["config", "events", "sinks"],
    config: ["destinations", "avro", "expressions"],
    emulators: ["avro", "events"],
    telemetry: [],
    rates: [],
    marks: ["rates/redis-connection.ts"],
    workers: ["rates", "telemetry"],
    live: ["config", "events", "expressions"],
    console: ["config", "destinations", "events", "live", "sinks", "transforms"],
    commands: [
      "config",
      "console",
      "destinations",
      "events",
      "live",
      "transforms",
      "transcode",
      "emulators",
      "expressions",
      "avro",
      "sinks",
      "sources",
      "telemetry",
      "rates",
      "marks",
      "workers",
      "registry.ts",
    ],
  };

  it("are kept", () => {
    const wrong = imports
      .filter(
        ({ from, what }) =>
          what.startsWith("src/") && from.split("/").length > 2 && room(what) !== room(from),
      )
      .filter(
        ({ from, what }) =>
          room(what) !== "engine" &&
          !(allowed[room(from)] ?? []).some((one) => one === room(what) || what === `src/${one}`),
      )
      .map(({ from, what }) => `${from} -> ${what}`);
    expect(wrong).toEqual([]);
  });

  it("let the console's pages take types from the server, and nothing that would be bundled", () => {
    const taken = pages.flatMap(importsOf).filter(({ what }) => what.startsWith("src/"));
    const fromOutside = taken.filter(({ what }) => !what.startsWith("src/console/web/"));
    expect(fromOutside.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
    expect(
      imports.filter(({ from, what }) => what.startsWith("src/console/web/") && !pages.includes(from)),
    ).toEqual([]);
  });

  it("keep vendors out of the engine", () => {
    const packages = imports.filter(({ from, what }) => room(from) === "engine" && !what.startsWith("src/"));
    const vendors = packages.filter(
      ({ what }) => !what.startsWith("node:") && !["highland", "typebox"].includes(what),
    );
    expect(vendors).toEqual([]);
  });

  it("let only the segment sink use the network for HTTP, and only Pub/Sub code use gRPC", () => {
    const users = (name: RegExp) =>
      [
        ...new Set(
          imports
            .filter(({ what, typeOnly }) => name.test(what) && !typeOnly)
            .map(({ from }) => dirname(from)),
        ),
      ].sort();
    expect(users(/^undici$/)).toEqual(["src/sinks/segment"]);
    expect(users(/^@grpc\//).every((folder) => /pubsub|avro|sinks$/.test(folder))).toBe(true);
  });

  it("import nothing that is not there, and nothing of the tests", () => {
    const missing = imports.filter(({ what }) => what.startsWith("src/") && !existsSync(join(root, what)));
    expect(missing).toEqual([]);
    expect(imports.filter(({ what }) => what.startsWith("test/"))).toEqual([]);
  });
});

describe("the metrics table", () => {
  it("has every metric that is counted, and no other", () => {
    const table = Object.keys(metricTable);
    const text = sources
      .filter((path) => path !== "src/engine/metrics.ts")
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const used = new Set([...text.matchAll(/"([a-z]+(?:_[a-z]+)+)"/g)].map((match) => match[1]!));
    expect(table.filter((name) => !used.has(name))).toEqual([]);
    const counted = [...text.matchAll(/(?:count|gauge|cell|set)\(\s*"([a-z]+(?:_[a-z]+)+)"/g)].map(
      (match) => match[1]!,
    );
    expect(counted.filter((name) => !table.includes(name))).toEqual([]);
  });
});

describe("the files", () => {
  it("have no drawers", () => {
    const drawers = sources.filter((path) =>
      /(^|\/)(utils?|common|lib|helpers?|types|misc)(\/|\.tsx?$)/.test(path),
    );
    expect(drawers).toEqual([]);
  });

  it("are named in kebab-case and are at most 300 lines long", () => {
    expect(sources.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/.test(path.split("/").at(-1)!))).toEqual(
      [],
    );
    const long = sources.filter((path) => readFileSync(join(root, path), "utf8").split("\n").length > 301);
    expect(long).toEqual([]);
  });

  it("are no barrels", () => {
    const barrels = sources.filter((path) => {
      const lines = readFileSync(join(root, path), "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "" && !line.startsWith("//"));
      return lines.length > 1 && lines.every((line) => /^export (?!type).* from /.test(line));
    });
    expect(barrels).toEqual([]);
  });

  it("read the environment only at the edge", () => {
    const readers = sources.filter((path) => readFileSync(join(root, path), "utf8").includes("process.env"));
    expect(readers.filter((path) => !/^src\/(main\.ts|commands\/|pubsub\/endpoint\.ts)/.test(path))).toEqual(
      [],
    );
  });

  it("say in the YAML's first line which schema an editor checks them with", () => {
    const pipelines = files("pipelines", ".yaml").filter((path) =>
      /^source:/m.test(readFileSync(join(root, path), "utf8")),
    );
    expect(pipelines.length).toBeGreaterThan(0);
    for (const path of pipelines) {
      const [first] = readFileSync(join(root, path), "utf8").split("\n");
      expect(first, path).toBe("# yaml-language-server: $schema=../schemas/pipeline.schema.json");
    }
  });
});

describe("the Makefile", () => {
  it("has every target with a line of help", () => {
    const makefile = readFileSync(join(root, "Makefile"), "utf8");
    for (const target of ["help", "run", "test", "check", "build", "bench", "docs", "clean"]) {
      expect(makefile).toMatch(new RegExp(`^${target}:.*## \\S`, "m"));
    }
  });
});
