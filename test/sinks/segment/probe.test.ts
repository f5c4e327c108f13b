import { describe, expect, test } from "vitest";

import type { FaultAction } from "../../../src/emulators/segment/faults.ts";
import type { FaultKind } from "../../../src/engine/errors.ts";
import { aDestination } from "../../support/context.ts";
import { aSink, faultOf } from "./sink-under-test.ts";
import { kept, running, segment, sinkTo } from "./sink-world.ts";

describe("a probe", () => {
  test.each<[string, FaultAction | undefined]>([
    ["the 400 that an empty batch gets", undefined],
    ["any 2xx", { kind: "status", status: 200 }],
  ])("%s: a write would be accepted, and no data was made", async (_, action) => {
    const server = await segment();
    if (action) server.inject({ action });
    await expect(sinkTo(server.url).probe("segment-production", running())).resolves.toBeUndefined();
    expect(server.stats()).toMatchObject({ requests: 1, accepted: 0, dropped: {} });
  });

  test.each<[string, FaultAction, FaultKind]>([
    ["401", { kind: "status", status: 401 }, "misconfigured"],
    ["404", { kind: "status", status: 404 }, "misconfigured"],
    ["413", { kind: "status", status: 413 }, "misconfigured"],
    [
      "a 400 about the source",
      { kind: "status", status: 400, body: '{"code":"source_disabled"}' },
      "misconfigured",
    ],
    ["a redirect", { kind: "redirect", location: "http://127.0.0.1:1/" }, "misconfigured"],
    ["503", { kind: "status", status: 503 }, "unavailable"],
    ["429", { kind: "status", status: 429 }, "throttled"],
    ["a reset", { kind: "reset-after-body" }, "unavailable"],
  ])("%s: not yet", async (_, action, kind) => {
    const server = await segment();
    server.inject({ action });
    expect((await faultOf(sinkTo(server.url).probe("segment-production", running()))).kind).toBe(kind);
  });

  test("of a destination that is gone resolves, so that its events meet their end", async () => {
    await expect(kept(aSink(undefined)).probe("segment-production", running())).resolves.toBeUndefined();
    await expect(
      kept(aSink(aDestination({ on: false }))).probe("segment-production", running()),
    ).resolves.toBeUndefined();
  });
});
