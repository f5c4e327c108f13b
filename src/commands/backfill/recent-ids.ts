// The last few hundred thousand message ids, in a table of numbers: four places for each of many short lists, a new id
// takes the oldest place of its list. So it costs 4 MB whatever comes, makes no garbage, and an id is forgotten only
// when four others fell into its list since: one in 40,000 after 10,000 other ids.
//
// An id is remembered by 120 bits of its hash (`ld-` and 43 characters of base64url). Two that agree in those and are
// not the same event will not be met; an id of another form is never taken for a known one.

const LISTS = 65_536;
const PLACES = 4;
const NUMBERS = 4;
const CHARACTERS = 5;
const PREFIX = "ld-";
const LENGTH = PREFIX.length + 43;

/** Character code -> its six bits of base64url. */
const sixBits = new Uint8Array(128);
for (const [bits, character] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
].entries())
  sixBits[character.charCodeAt(0)] = bits;

export class RecentIds {
  private readonly table = new Int32Array(LISTS * PLACES * NUMBERS);
  private readonly oldest = new Uint8Array(LISTS);

  /** Whether the id is remembered; it is afterwards. */
  seen(id: string): boolean {
    if (id.length !== LENGTH) return false;
    const a = part(id, 0);
    const b = part(id, 1);
    const c = part(id, 2);
    const d = part(id, 3);
    const { table, oldest } = this;
    const list = a & (LISTS - 1);
    const start = list * PLACES * NUMBERS;
    for (let at = start; at < start + PLACES * NUMBERS; at += NUMBERS)
      if (table[at] === a && table[at + 1] === b && table[at + 2] === c && table[at + 3] === d) return true;
    const place = oldest[list]!;
    oldest[list] = (place + 1) % PLACES;
    const at = start + place * NUMBERS;
    table[at] = a;
    table[at + 1] = b;
    table[at + 2] = c;
    table[at + 3] = d;
    return false;
  }
}

/** 30 bits of the hash. */
function part(id: string, index: number): number {
  let bits = 0;
  const from = PREFIX.length + index * CHARACTERS;
  for (let at = from; at < from + CHARACTERS; at++) bits = (bits << 6) | sixBits[id.charCodeAt(at) & 127]!;
  return bits;
}
