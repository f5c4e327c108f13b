import { describe, expect, test } from "vitest";

import type { FaultKind } from "../../../src/engine/errors.ts";
import { aDestination } from "../../support/context.ts";
import { aSink, destinationAt, faultOf } from "./sink-under-test.ts";
import { kept, write } from "./sink-world.ts";

describe("a destination that cannot be written to", () => {
  test.each<[string, Parameters<typeof aSink>[0], FaultKind, string]>([
    ["deleted", undefined, "rejected", "destination-deleted"],
    ["switched off", aDestination({ on: false }), "rejected", "destination-off"],
    ["an endpoint that is no URL", destinationAt("api.segment.io"), "misconfigured", "endpoint-invalid"],
    [
      "an endpoint of another protocol",
      destinationAt("file:///etc/passwd"),
      "misconfigured",
      "endpoint-invalid",
    ],
    [
      "an endpoint with a password",
      destinationAt("http://u:p@localhost"),
      "misconfigured",
      "endpoint-invalid",
    ],
    ["an empty write key", destinationAt("http://127.0.0.1:1", ""), "misconfigured", "write-key-invalid"],
    [
      "a write key that Segment answers 400 to",
      destinationAt("http://127.0.0.1:1", "abc123"),
      "misconfigured",
      "write-key-invalid",
    ],
    [
      "a write key with a line break",
      destinationAt("http://127.0.0.1:1", "abcdefghijkl\n"),
      "misconfigured",
      "write-key-invalid",
    ],
    [
      "a write key of 129 characters",
      destinationAt("http://127.0.0.1:1", "k".repeat(129)),
      "misconfigured",
      "write-key-invalid",
    ],
  ])("%s", async (_, destination, kind, code) => {
    const fault = await faultOf(write(kept(aSink(destination))));
    expect({ kind: fault.kind, code: fault.code }).toEqual({ kind, code });
    expect(fault.message).not.toContain("u:p@");
  });

  test("a write key that cannot be read says why", async () => {
    const destination = aDestination({
      config: {
        writeKey: () => {
          throw new Error("the environment has no SEGMENT_KEY");
        },
      },
    });
    expect(await faultOf(write(kept(aSink(destination))))).toMatchObject({
      kind: "misconfigured",
      code: "write-key-unavailable",
      message:
        "destination segment-production: its write key cannot be read: the environment has no SEGMENT_KEY",
    });
  });

  test("its lane has settings all the same, so that what is held can be dead-lettered", () => {
    expect(kept(aSink(undefined)).laneSettings("gone")).toMatchObject({
      concurrency: 4,
      rates: { events: Number.POSITIVE_INFINITY },
    });
  });
});
