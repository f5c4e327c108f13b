// Where each event of a batch begins and ends in the body: for the 32 KB rule, which is about bytes as sent,
// and for digests. Cheaper than serialising each event again (about 1 ns a byte).
//
// The body was parsed before, so it is known to be JSON; this only counts brackets outside of strings.

export interface Extent {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const BATCH_KEY = Buffer.from('"batch"');
const BATCH_KEY_LENGTH = BATCH_KEY.length;

/** The extents of the objects in the top-level array `batch`; of the last one, if it stands there twice. */
export function splitBatch(body: Buffer): Extent[] {
  let extents: Extent[] = [];
  let depth = 0;
  let inBatch = false;
  let keyIsBatch = false;
  let start = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) {
      const end = endOfString(body, at);
      // At depth 1 the last string before a `[` is the key of that array.
      if (depth === 1)
        keyIsBatch =
          end - at === BATCH_KEY_LENGTH && body.compare(BATCH_KEY, 0, BATCH_KEY_LENGTH, at, end) === 0;
      at = end - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth === 2 && byte === OPEN_BRACKET && keyIsBatch) {
        inBatch = true;
        extents = [];
      } else if (depth === 3 && inBatch) start = at;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 3 && inBatch) extents.push({ start, end: at + 1 });
      else if (depth === 2) inBatch = false;
      depth--;
    }
  }
  return extents;
}

/** One past the closing quote of the string that opens at `open`. */
function endOfString(body: Buffer, open: number): number {
  for (let at = open + 1; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at + 1;
  }
  return body.length;
}
