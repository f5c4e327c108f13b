import { expect, test } from "vitest";

import type { SourceRecord } from "../../src/engine/contracts.ts";
import { allDone, Ledger, type Receipt } from "../../src/engine/ledger.ts";

function opened(parts: readonly number[]) {
  const settled: string[] = [];
  const ledger = new Ledger({ records: 10, bytes: 1_000 });
  const receipts = parts.map((count, index) => {
    const record: SourceRecord = {
      id: `r${index}`,
      body: Buffer.alloc(1),
      attributes: {},
      publishedAtMs: 0,
      attempt: 1,
      writerSchema: undefined,
      settle: (how) => void settled.push(`r${index} ${how}`),
    };
    const receipt = ledger.admit(record);
    if (count > 1) receipt.add(count - 1);
    return receipt;
  });
  return { ledger, receipts, settled };
}

const items = (receipts: readonly Receipt[]) => receipts.map((receipt) => ({ receipt }));

test("a part too many is a bug, also when several are closed at once, and settles nothing", () => {
  const { receipts, settled } = opened([2]);
  const [receipt] = receipts as [Receipt];
  expect(() => receipt.done(3)).toThrow("closed twice");
  expect(settled).toEqual([]);
  receipt.done(2);
  expect(settled).toEqual(["r0 ack"]);
});

test("neighbours of one record are closed together, and each record is settled with its last part", () => {
  const { ledger, receipts, settled } = opened([3, 1, 2]);
  const [a, b, c] = receipts as [Receipt, Receipt, Receipt];
  allDone(items([a, a, b, c, a]));
  expect(settled).toEqual(["r1 ack", "r0 ack"]);
  expect(ledger.records).toBe(1);
  allDone(items([c]));
  expect(settled).toEqual(["r1 ack", "r0 ack", "r2 ack"]);
  expect(ledger.records).toBe(0);
});

test("a part that was given back is not made good by those that were delivered", () => {
  const { receipts, settled } = opened([3]);
  const [receipt] = receipts as [Receipt];
  receipt.giveBack();
  allDone(items([receipt, receipt]));
  expect(settled).toEqual(["r0 nack"]);
});
