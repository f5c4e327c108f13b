// The last few hundred thousand message ids, in a table of numbers: four places for each of many short lists, a new id
// takes the oldest place of its list. So it costs 4 MB whatever comes, makes no garbage, and an id is forgotten only
// when four others fell into its list since: one in 40,000 after 10,000 other ids.
//
// An id is remembered by its short name (events/short-name.ts); an id of another form is never taken for a known one.

import { SHORT_NAME_NUMBERS as NUMBERS, writeShortName } from "../../events/short-name.ts";

const LISTS = 65_536;
const PLACES = 4;
const PREFIX = "ld-";
const LENGTH = PREFIX.length + 43;

export class RecentIds {
  private readonly table = new Int32Array(LISTS * PLACES * NUMBERS);
  private readonly oldest = new Uint8Array(LISTS);
  private readonly name = new Int32Array(NUMBERS);

  /** Whether the id is remembered; it is afterwards. */
  seen(id: string): boolean {
    if (id.length !== LENGTH) return false;
    writeShortName(id, PREFIX.length, this.name, 0);
    return this.seenName(this.name, 0);
  }

  /** The same for the id with the short name at `names[from…]`. */
  seenName(names: Int32Array, from: number): boolean {
    const a = names[from]!;
    const b = names[from + 1]!;
    const c = names[from + 2]!;
    const d = names[from + 3]!;
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
