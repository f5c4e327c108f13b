// What a Pub/Sub server does, as the clients of our users and our own source need it: run against our local server
// and, where it is found, against Google's emulator. Leases are real time here (both run on their own clock); a
// deadline of one second keeps it short.

import { afterAll, beforeAll, describe } from "vitest";

import type { RunningEmulator } from "../support/google-emulator.ts";
import { delivery } from "./pubsub-delivery.contract.ts";
import { refusals } from "./pubsub-errors.contract.ts";
import { schemas } from "./pubsub-schemas.contract.ts";
import { settings } from "./pubsub-settings.contract.ts";
import { PubSubWorld } from "./pubsub-world.ts";

export function pubSubContract(name: string, start: () => Promise<RunningEmulator>): void {
  describe(`a Pub/Sub server (${name})`, () => {
    let opened: PubSubWorld | undefined;

    beforeAll(async () => {
      opened = await PubSubWorld.open(start);
    });

    afterAll(() => opened?.close());

    for (const part of [refusals, delivery, settings, schemas]) part(() => opened as PubSubWorld);
  });
}
