import { describe, expect, it } from "vitest";

import { startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";
import { startGoogleEmulator } from "../support/google-emulator.ts";
import { pubSubContract } from "./pubsub.contract.ts";

pubSubContract("ours", async () => {
  const emulator = await startPubSub();
  return { host: emulator.address, close: () => emulator.close() };
});

const google = await startGoogleEmulator();

if ("missing" in google) {
  process.stdout.write(`\nLEFT OUT: the Pub/Sub contract against Google's emulator: ${google.missing}.\n`);
} else {
  pubSubContract("Google's emulator", async () => google);
}

describe("the search for Google's emulator", () => {
  it("uses the one that is given, and says what is missing otherwise", async () => {
    const given = await startGoogleEmulator({ PUBSUB_EMULATOR_HOST: "127.0.0.1:1" });
    expect(given).toMatchObject({ host: "127.0.0.1:1" });
    expect(await startGoogleEmulator({ PATH: "/nowhere" })).toEqual({
      missing: "PUBSUB_EMULATOR_HOST is not set and there is no `java` in PATH",
    });
  });
});
