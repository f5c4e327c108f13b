import { describe, expect, it } from "vitest";

import { Faults } from "../../../src/emulators/pubsub/faults.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";

function aPlan(random = () => 0): { clock: VirtualClock; faults: Faults; statusOf(rpc: string): string } {
  const clock = new VirtualClock();
  const faults = new Faults(clock, random);
  return { clock, faults, statusOf: (rpc) => faults.judge(rpc).refuse?.statusName ?? "OK" };
}

describe("a fault script", () => {
  it.each([
    ["an unknown key", { rpc: [] }],
    ["a status that is none", { rpcs: [{ rpc: "Publish", status: "BROKEN" }] }],
    ["a probability over 1", { rpcs: [{ rpc: "Publish", probability: 2 }] }],
    ["no rpc", { rpcs: [{ status: "INTERNAL" }] }],
    ["copies under 1", { streams: { copies: 0 } }],
    ["what is no object", "INTERNAL"],
  ])("with %s is refused, and what was in force stays", (_, script) => {
    const { faults, statusOf } = aPlan();
    faults.fail({ rpc: "Publish", status: "ABORTED" });
    expect(() => faults.apply(script as object)).toThrow(/INVALID_ARGUMENT: Not a fault script: /);
    expect(statusOf("Publish")).toBe("ABORTED");
  });

  it("holds for its number of calls, of its RPC only", () => {
    const { faults, statusOf } = aPlan();
    faults.fail({ rpc: "Acknowledge", status: "INTERNAL", times: 2 });
    expect([
      statusOf("Publish"),
      statusOf("Acknowledge"),
      statusOf("Acknowledge"),
      statusOf("Acknowledge"),
    ]).toEqual(["OK", "INTERNAL", "INTERNAL", "OK"]);
    expect(faults.injected).toBe(2);
  });

  it("holds for its time, and for every RPC when it says so", async () => {
    const { clock, faults, statusOf } = aPlan();
    faults.fail({ rpc: "*", status: "UNAVAILABLE", forMs: 5_000 });
    await clock.advance(4_999);
    expect(statusOf("GetSchema")).toBe("UNAVAILABLE");
    await clock.advance(1);
    expect(statusOf("GetSchema")).toBe("OK");
    expect(faults.current().rpcs).toEqual([]);
  });

  it("strikes as often as its probability says", () => {
    const values = [0.1, 0.3, 0.04, 0.9];
    const { faults, statusOf } = aPlan(() => values.shift() ?? 1);
    faults.fail({ rpc: "Publish", status: "INTERNAL", probability: 0.05 });
    expect([1, 2, 3, 4].map(() => statusOf("Publish"))).toEqual(["OK", "OK", "INTERNAL", "OK"]);
  });

  it("lets one fault delay and the first other decide, and counts only those met", () => {
    const { faults } = aPlan(() => 0.5);
    faults.apply({
      rpcs: [
        { rpc: "Publish", latencyMs: 100, latencyJitterMs: 50 },
        { rpc: "Publish", status: "INTERNAL", when: "after", times: 1 },
        { rpc: "Publish", noReply: true },
      ],
    });
    expect(faults.judge("Publish")).toMatchObject({
      delayMs: 125,
      when: "after",
      noReply: false,
      refuse: { statusName: "INTERNAL" },
    });
    expect(faults.judge("Publish")).toMatchObject({ delayMs: 125, noReply: true, refuse: undefined });
  });

  it("is gone when removed or cleared, and tells those who wait on streams", () => {
    const { faults, statusOf } = aPlan();
    let told = 0;
    const forget = faults.onStreamsChanged(() => told++);
    const remove = faults.fail({ rpc: "Publish", status: "INTERNAL" });
    remove();
    expect(statusOf("Publish")).toBe("OK");
    faults.setStreams({ silent: true, copies: 2 });
    faults.setStreams({ silent: false });
    expect(faults.streams).toEqual({ silent: false, copies: 2 });
    faults.clear();
    forget();
    faults.setStreams({ silent: true });
    expect([told, faults.current()]).toEqual([3, { rpcs: [], streams: { silent: true } }]);
  });
});
