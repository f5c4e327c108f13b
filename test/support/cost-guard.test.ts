import { describe, expect, it } from "vitest";

import { costGuard } from "./cost-guard.ts";

function burn(ms: number): void {
  const before = process.cpuUsage();
  let spent = 0;
  while (spent < ms * 1_000) {
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
}

describe("the guard of what a step costs", () => {
  it("refuses a step that works too long each time, and names its input", async () => {
    const guard = costGuard(20);
    await expect(guard.judged("too much", () => burn(30))).rejects.toThrow(/more than 20: too much$/);
    await guard.close(1);
  });

  it("takes a step that only waits, or is slow the first time only", async () => {
    const guard = costGuard(40);
    await guard.judged("waits", () => new Promise((resolve) => setTimeout(resolve, 100)));
    let times = 0;
    await guard.judged("first time", () => {
      times += 1;
      if (times === 1) burn(60);
    });
    expect(times).toBeGreaterThan(1);
    await guard.close(1);
  });
});
