import type { Intake, Origin, SourceRecord } from "../../src/engine/contracts.ts";

/** Takes everything at once and settles nothing: the test does that, record by record. */
export class HoldingIntake implements Intake {
  readonly records: SourceRecord[] = [];

  offer(record: SourceRecord): undefined {
    this.records.push(record);
    return undefined;
  }
}

/** Takes everything and acks it at once. */
export class AckingIntake extends HoldingIntake {
  override offer(record: SourceRecord): undefined {
    super.offer(record);
    record.settle("ack");
    return undefined;
  }
}

/** What the engine would hand to the first transform; a record that cannot list its entries stands for itself. */
export function entriesOf(records: readonly SourceRecord[]): Origin[] {
  return records.flatMap((record) => {
    // By itself, as the engine calls it.
    const { entries } = record;
    return entries ? [...entries()] : [record];
  });
}

export function textsOf(records: readonly SourceRecord[]): string[] {
  return entriesOf(records).map((entry) => Buffer.from(entry.body).toString("utf8"));
}
