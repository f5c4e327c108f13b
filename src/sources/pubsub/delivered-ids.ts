// The ids of messages that the engine was done with, so that a redelivery after a lost acknowledgement is acked
// again and not sent again. Bounded: two generations of half the capacity each; when the young one is full, the old
// one is forgotten and takes its place, so nothing is ever deleted one by one.
//
// Pub/Sub's ids are decimal numbers, so they are kept as two integers in a flat table: exact, 8 bytes, and nothing
// for the garbage collector to walk (a Set of 200,000 texts costs 2 microseconds a message). Other ids, which only
// emulators use, are kept as texts.

export class DeliveredIds {
  private young: Generation;
  private old: Generation;
  private readonly half: number;
  private readonly parsed = new ParsedId();

  /** Remembers at least the last `capacity / 2` ids and at most the last `capacity`. 0: none. */
  constructor(private readonly capacity: number) {
    this.half = Math.ceil(capacity / 2);
    this.young = new Generation(this.half);
    this.old = new Generation(this.half);
  }

  add(id: string): void {
    if (this.capacity === 0) return;
    this.parsed.read(id);
    this.young.add(this.parsed);
    if (this.young.size < this.half) return;
    const forgotten = this.old;
    forgotten.clear();
    this.old = this.young;
    this.young = forgotten;
  }

  has(id: string): boolean {
    if (this.young.size + this.old.size === 0) return false;
    this.parsed.read(id);
    return this.young.has(this.parsed) || this.old.has(this.parsed);
  }

  get size(): number {
    return this.young.size + this.old.size;
  }
}

/** Nine digits fit one 32-bit integer, so ids of up to 18 digits fit two. */
const DIGITS = 9;

/** One object, read again and again: nothing is allocated per message. */
class ParsedId {
  text = "";
  isNumber = false;
  /** The digits before the last nine, and the last nine. */
  high = 0;
  low = 0;

  /** A leading zero makes a text: two texts of the same number are two ids. */
  read(text: string): void {
    this.text = text;
    const { length } = text;
    this.isNumber = length > 0 && length <= 2 * DIGITS && text.charCodeAt(0) !== 48;
    const split = Math.max(0, length - DIGITS);
    let number = 0;
    for (let index = 0; this.isNumber && index < length; index++) {
      if (index === split) {
        this.high = number;
        number = 0;
      }
      const digit = text.charCodeAt(index) - 48;
      if (digit < 0 || digit > 9) this.isNumber = false;
      number = number * 10 + digit;
    }
    this.low = number;
  }
}

class Generation {
  /** Pairs of high and low digits; 0, 0 is an empty slot. At most half full, so a search ends soon. */
  private readonly table: Uint32Array;
  private readonly mask: number;
  private readonly texts = new Set<string>();
  private numbers = 0;

  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * capacity + 2));
    this.table = new Uint32Array(2 * slots);
    this.mask = slots - 1;
  }

  get size(): number {
    return this.numbers + this.texts.size;
  }

  has(id: ParsedId): boolean {
    if (!id.isNumber) return this.texts.has(id.text);
    const slot = this.slotOf(id.high, id.low);
    return this.table[slot] !== 0 || this.table[slot + 1] !== 0;
  }

  add(id: ParsedId): void {
    if (!id.isNumber) {
      this.texts.add(id.text);
      return;
    }
    const slot = this.slotOf(id.high, id.low);
    if (this.table[slot] !== 0 || this.table[slot + 1] !== 0) return;
    this.table[slot] = id.high;
    this.table[slot + 1] = id.low;
    this.numbers += 1;
  }

  clear(): void {
    if (this.numbers > 0) this.table.fill(0);
    this.numbers = 0;
    this.texts.clear();
  }

  /** Where this number is, or the empty slot where it belongs. */
  private slotOf(high: number, low: number): number {
    const { table, mask } = this;
    let index = mixed(high, low) & mask;
    for (;;) {
      const slot = 2 * index;
      const a = table[slot];
      const b = table[slot + 1];
      if ((a === high && b === low) || (a === 0 && b === 0)) return slot;
      index = (index + 1) & mask;
    }
  }
}

function mixed(high: number, low: number): number {
  const hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
