// Short strings repeat from event to event: kinds, flag keys, context kinds, variation names. Making one costs a
// call into the runtime and garbage; finding it again costs less than half.
//
// State: a table with one string per place; a new string takes the place of the one that was there. So memory
// is bounded, and no choice of strings makes it slow.

const PLACES = 4096;
/** Bytes. From about twice this on, making the string is cheaper than finding it. */
export const SHORT_STRING = 16;

export class ShortStrings {
  private readonly table: string[] = new Array(PLACES).fill("");

  /** `buf[from..to)` as a string when it is all ASCII; undefined when it is not. */
  get(buf: Buffer, from: number, to: number): string | undefined {
    let hash = to - from;
    for (let at = from; at < to; at++) {
      const byte = buf[at]!;
      if (byte >= 0x80) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const place = (hash ^ (hash >>> 12)) & (PLACES - 1);
    const found = this.table[place]!;
    if (isAt(found, buf, from, to)) return found;
    const made = buf.toString("latin1", from, to);
    this.table[place] = made;
    return made;
  }
}

function isAt(text: string, buf: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let at = from; at < to; at++) if (text.charCodeAt(at - from) !== buf[at]) return false;
  return true;
}
