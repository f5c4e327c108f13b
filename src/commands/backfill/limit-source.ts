// `--limit`: ends the input after so many events. A block is cut in the middle where need be, and then given back to
// its file: the next run reads it again.

import type { Intake, Origin, Source, SourceRecord } from "../../engine/contracts.ts";

export function limitSource(limit: number): (source: Source) => Source {
  return (source) => ({
    redelivers: source.redelivers,
    close: () => source.close(),
    async run(intake, signal) {
      const enough = new AbortController();
      const counter = new Counter(limit, () => enough.abort());
      await source.run(counter.around(intake), AbortSignal.any([signal, enough.signal]));
    },
  });
}

class Counter {
  constructor(
    private left: number,
    private readonly enough: () => void,
  ) {}

  around(intake: Intake): Intake {
    return {
      offer: (record) => {
        if (this.left > 0)
          return intake.offer(record.entries ? this.cut(record, record.entries) : this.one(record));
        record.settle("nack");
        return undefined;
      },
    };
  }

  private one(record: SourceRecord): SourceRecord {
    this.spend();
    return record;
  }

  private cut(record: SourceRecord, entries: () => Iterable<Origin>): SourceRecord {
    let complete = true;
    const spend = () => this.spend();
    const isOver = () => this.left <= 0;
    const { id, body, attributes, publishedAtMs, attempt, writerSchema } = record;
    return {
      ...{ id, body, attributes, publishedAtMs, attempt, writerSchema },
      settle: (how) => record.settle(complete ? how : "nack"),
      *entries() {
        for (const entry of entries.call(record)) {
          if (isOver()) {
            complete = false;
            return;
          }
          spend();
          yield entry;
        }
      },
    };
  }

  private spend(): void {
    this.left -= 1;
    if (this.left === 0) this.enough();
  }
}
