import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { checkDeclared } from "../../src/config/check-declared.ts";
import { type DeclaredFile, declaredFiles } from "../../src/config/declared.ts";
import { realOutside } from "../../src/config/outside.ts";
import { SecretScrubber } from "../../src/config/scrubber.ts";
import { Sources } from "../../src/config/sources.ts";
import { YamlFile } from "../../src/config/yaml-file.ts";
import type { Enablement } from "../../src/engine/contracts.ts";

const baseDir = fileURLToPath(new URL("../../pipelines/", import.meta.url));

async function load<T>(name: string, declared: DeclaredFile<T>, env: Record<string, string>) {
  const scrubber = new SecretScrubber();
  const outside = realOutside(env);
  const from = { name, path: baseDir + name, maxBytes: declared.maxBytes };
  const file = await YamlFile.read(from, outside, new Sources(scrubber));
  const checked = await checkDeclared(file, declared, { outside, baseDir, scrubber, withoutSecrets: false });
  return { problems: file.problems, built: checked && declared.build(checked.value) };
}

describe("the shipped files", () => {
  it("name a destination whose key comes from the environment", async () => {
    const { problems, built } = await load("destinations.yaml", declaredFiles.destinations, {
      SEGMENT_WRITE_KEY: "k1",
    });
    expect(problems).toEqual([]);
    const [destination] = built?.all() ?? [];
    expect(destination?.config.writeKey()).toBe("k1");
    expect(destination?.config.endpoint).toBe("https://api.segment.io");
  });

  it("say where the key is missing, when it is", async () => {
    const { problems } = await load("destinations.yaml", declaredFiles.destinations, {});
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["unset-variable", "/destinations/0/config/writeKey"],
    ]);
  });

  it("list what is exported", async () => {
    const { problems, built } = await load<Enablement>("enablement.yaml", declaredFiles.enablement, {});
    expect(problems).toEqual([]);
    expect(built?.forEnvironment("any", "5d4b12345d2a2806bd2cc6eb")?.flags.size).toBe(3);
  });
});
