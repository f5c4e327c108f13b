// What may be depended on: licences, install scripts, and a list of it all that others can read.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

import { satisfies as isInRange } from "semver";
import satisfies from "spdx-satisfies";
import { describe, expect, it } from "vitest";

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && !dev);
const own = JSON.parse(readFileSync("package.json", "utf8"));

/** Permissive ones: nothing that asks users of Sluice for more than to keep a notice. */
const allowed = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense",
];

/** They have an install script and work without it: prebuilt parts come as packages, the rest is a message. */
const scriptsNotNeeded = ["lmdb", "msgpackr-extract", "protobufjs"];

describe("the packages that are shipped", () => {
  it("have a licence of the list", () => {
    const wrong = shipped.filter(([, { license }]) => license === undefined || !satisfies(license, allowed));
    expect(wrong.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
    expect(satisfies("GPL-3.0-only", allowed)).toBe(false);
  });

  it("need no install script", () => {
    const withScripts = shipped.filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(withScripts.map(([path]) => path.replace(/^.*node_modules\//, "")).sort()).toEqual(
      scriptsNotNeeded,
    );
  });

  it("run on the oldest Node that we promise", () => {
    const tooNew = shipped.filter(
      ([, { engines }]) => engines?.node !== undefined && !isInRange("20.19.0", engines.node),
    );
    expect(tooNew.map(([path]) => path.replace(/^.*node_modules\//, ""))).toEqual([]);
    // Who installs Sluice has no lock file of ours: what keeps it so is a version that we ask for exactly.
    expect(own.dependencies["light-my-request"]).toBe("6.6.0");
  });

  it("are pinned by content", () => {
    expect(
      shipped.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path),
    ).toEqual([]);
  });
});

describe("our own package", () => {
  it("has its licence beside it, the oldest Node it runs on, and asks for provenance", () => {
    expect(own.license).toBe("Apache-2.0");
    expect(existsSync("LICENSE") && readFileSync("LICENSE", "utf8")).toContain("Apache License");
    expect(own.engines.node).toBe(">=20.19");
    expect(own.publishConfig).toEqual({ access: "public", provenance: true });
    expect(Object.keys(own.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual(
      [],
    );
  });

  it("can say what is in it: a CycloneDX list with every shipped package", () => {
    const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
    const { stdout, status } = spawnSync("npm", args, { encoding: "utf8" });
    expect(status).toBe(0);
    const bom: { bomFormat: string; components: { name: string; group?: string; version: string }[] } =
      JSON.parse(stdout);
    expect(bom.bomFormat).toBe("CycloneDX");
    const named = new Set(
      bom.components.map(({ group, name, version }) => `${group ? `${group}/` : ""}${name}@${version}`),
    );
    const missing = shipped
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, "")}@${version}`)
      .filter((name) => !named.has(name));
    expect(missing.filter((name) => !/-cjs@|-(darwin|linux|win32|android|freebsd)-?/.test(name))).toEqual([]);
  });
});
