// The members of a JSON event that the fused plan wants, from the paths of `Places`: so that the walk over a JSON document
// and the one over an Avro datum want the same.

import { FLAGS, JSON_TEXTS, NUMBERS, RECORDS, sameBytes, TEXT_MAP, TEXTS } from "./places.ts";

/** `json`: any value, as it is written. `context`: such a value, and what is noted of a context. */
type Form = "text" | "json" | "context" | "number" | "flag" | "map" | "record";

export interface JsonMember {
  readonly name: Buffer;
  readonly form: Form;
  readonly slot: number;
  /** Of `seen`. */
  readonly bit: number;
  readonly inside: JsonMembers | undefined;
  /** Another name of the same length and first byte. */
  readonly next: JsonMember | undefined;
}

/** The wanted members of one object, found by the length and the first byte of their names. */
export class JsonMembers {
  private readonly byHead: (JsonMember | undefined)[] = new Array<undefined>(32 * 32).fill(undefined);

  constructor(members: readonly Omit<JsonMember, "next">[]) {
    for (const member of members) {
      const head = headOf(member.name.length, member.name[0]!);
      this.byHead[head] = { ...member, next: this.byHead[head] };
    }
  }

  find(buf: Uint8Array, from: number, to: number): JsonMember | undefined {
    const length = to - from;
    if (length === 0 || length > 31) return undefined;
    let member = this.byHead[headOf(length, buf[from]!)];
    while (member && !(member.name.length === length && sameBytes(member.name, 0, buf, from, length)))
      member = member.next;
    return member;
  }
}

function headOf(length: number, first: number): number {
  return (length << 5) | (first & 31);
}

/** From the paths of `Places`, so that both walks want the same. */
function membersBelow(parent: string, bits: { next: number }): JsonMembers {
  const members: Omit<JsonMember, "next">[] = [];
  const add = (path: string, form: Form, slot: number) => {
    const name = parent === "" ? path : path.slice(parent.length + 1);
    if ((parent !== "" && !path.startsWith(`${parent}.`)) || name.includes(".")) return;
    const bit = 1 << bits.next++;
    const inside = form === "record" ? membersBelow(path, bits) : undefined;
    members.push({ name: Buffer.from(name), form, slot, bit, inside });
  };
  for (const [path, slot] of Object.entries(TEXTS)) {
    const json = path === "event.context" ? "context" : "json";
    add(path, JSON_TEXTS.has(path) ? json : "text", slot);
  }
  for (const [path, slot] of Object.entries(NUMBERS)) add(path, "number", slot);
  for (const [path, slot] of Object.entries(FLAGS)) add(path, "flag", slot);
  for (const path of RECORDS) add(path, "record", 0);
  add(TEXT_MAP, "map", 0);
  return new JsonMembers(members);
}

/** Of the envelope. */
export const wantedMembers = membersBelow("", { next: 0 });
