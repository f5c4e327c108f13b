import { describe, expect, it } from "vitest";

import { resolveEndpoint } from "../../src/pubsub/endpoint.ts";
import { codeOf, ruleOf } from "../../src/sources/pubsub/status.ts";
import definition from "../../src/sources/pubsub/pubsub.ts";

import { checkOf } from "../support/transforms.ts";

describe("the endpoint", () => {
  it.each([
    ["127.0.0.1:8085", { address: "127.0.0.1:8085", secure: false }],
    ["localhost", { address: "localhost:8085", secure: false }],
    ["http://emulator:9000", { address: "emulator:9000", secure: false }],
    ["http://emulator:80", { address: "emulator:80", secure: false }],
    ["[::1]:8085", { address: "[::1]:8085", secure: false }],
    [
      "europe-west1-pubsub.googleapis.com",
      { address: "europe-west1-pubsub.googleapis.com:443", secure: true },
    ],
    [
      "europe-west1-pubsub.googleapis.com:443",
      { address: "europe-west1-pubsub.googleapis.com:443", secure: true },
    ],
    ["https://pubsub.example.com", { address: "pubsub.example.com:443", secure: true }],
    ["https://pubsub.example.com:8443/", { address: "pubsub.example.com:8443", secure: true }],
  ])("%s is understood", (text, expected) => {
    expect(resolveEndpoint(text, undefined)).toEqual(expected);
  });

  it("comes from the configuration, else from the emulator's variable, else it is Google's", () => {
    expect(resolveEndpoint("a:1", "b:2").address).toBe("a:1");
    expect(resolveEndpoint(undefined, "b:2")).toEqual({ address: "b:2", secure: false });
    expect(resolveEndpoint(undefined, "")).toEqual({ address: undefined, secure: true });
    expect(resolveEndpoint(undefined, undefined)).toEqual({ address: undefined, secure: true });
  });

  it("never sends credentials in the clear to a look-alike of Google", () => {
    expect(resolveEndpoint("pubsub.googleapis.com.example.org", undefined).secure).toBe(false);
    expect(resolveEndpoint("evilgoogleapis.com", undefined).secure).toBe(false);
  });
});

describe("the table of statuses", () => {
  it("has a rule for each of the 17 codes, and an unknown one gets a new client", () => {
    const names = Array.from({ length: 17 }, (_, code) => ruleOf(code).name);
    expect(new Set(names).size).toBe(17);
    expect(names.filter((name) => name.startsWith("STATUS_"))).toEqual([]);
    expect(ruleOf(99)).toMatchObject({ name: "STATUS_99", stream: "rebuild", ack: "retry" });
  });

  it("reads the code of a failed call, and of nothing else", () => {
    expect(codeOf(Object.assign(new Error("no"), { code: 14 }))).toBe(14);
    expect([codeOf(undefined), codeOf("14"), codeOf({ code: "ENOENT" }), codeOf({ code: 20 })]).toEqual(
      Array(4).fill(undefined),
    );
  });
});

describe("the definition", () => {
  const problems = (change: object) => checkOf(definition, { ...definition.example, ...change });

  it("has an example without problems", () => {
    expect(problems({})).toEqual([]);
  });

  it("refuses a hold shorter than one lease, and an endpoint that is no address", () => {
    expect(problems({ maxHoldMs: 20_000 })).toMatchObject([
      { path: ["maxHoldMs"], code: "hold-shorter-than-lease" },
    ]);
    expect(problems({ endpoint: "a b" })).toMatchObject([{ path: ["endpoint"], code: "bad-endpoint" }]);
  });
});
