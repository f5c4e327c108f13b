// Readers of records, arrays and maps. See decode.ts for what they promise.

import type { Cursor } from "./cursor.ts";
import type { Read } from "./plain-forms.ts";

/** One field as it comes in the data; `slot` is its place in the reader's record, -1 when it is passed over. */
export interface Step {
  readonly slot: number;
  readonly read: Read;
}

type Plain = Record<string, unknown>;

/**
 * A reader of records for `steps`, which may be filled later (records refer to themselves) but before `ready`
 * is called.
 */
export function objectReader(
  names: readonly string[],
  steps: readonly Step[],
): { read: Read; ready(): void } {
  let build: (cursor: Cursor) => Plain = () => ({});
  const read: Read = (cursor) => {
    cursor.enter();
    const value = build(cursor);
    cursor.leave();
    return value;
  };
  const ready = (): void => {
    build = inOrder(steps) ? buildDirectly(names, steps) : buildSorted(names, steps);
  };
  return { read, ready };
}

/** Whether storing the fields as they come gives them in the reader's order. */
function inOrder(steps: readonly Step[]): boolean {
  const slots = steps.filter(({ slot }) => slot >= 0).map(({ slot }) => slot);
  return slots.every((slot, index) => index === 0 || slot > slots[index - 1]!);
}

/**
 * Written out as code, because the name of each field is then a constant to the compiler: about ten times
 * faster than storing under a variable key. Names were checked to be plain identifiers when the schema was read.
 */
function buildDirectly(names: readonly string[], steps: readonly Step[]): (cursor: Cursor) => Plain {
  const lines = steps.map(({ slot }, index) => {
    if (slot < 0) return `r${index}(cursor);`;
    return `value = r${index}(cursor); if (value !== undefined) object.${identifier(names[slot]!)} = value;`;
  });
  const body = `return (cursor) => { const object = {}; let value; ${lines.join("\n")} return object; };`;
  const make = new Function(...steps.map((_, index) => `r${index}`), body);
  return make(...steps.map(({ read }) => read)) as (cursor: Cursor) => Plain;
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`not a field name: ${name}`);
  return name;
}

function buildSorted(names: readonly string[], steps: readonly Step[]): (cursor: Cursor) => Plain {
  return (cursor) => {
    const values: unknown[] = new Array(names.length);
    for (const { slot, read } of steps) {
      const value = read(cursor);
      if (slot >= 0) values[slot] = value;
    }
    const object: Plain = {};
    for (let slot = 0; slot < names.length; slot++)
      if (values[slot] !== undefined) object[names[slot]!] = values[slot];
    return object;
  };
}

export function readArray(readItem: Read, least: number): Read {
  return (cursor) => {
    const items: unknown[] = [];
    cursor.enter();
    for (let count = cursor.blockCount(least); count > 0; count = cursor.blockCount(least)) {
      const { blockEnd } = cursor;
      for (; count > 0; count--) {
        const item = readItem(cursor);
        items.push(item === undefined ? null : item);
      }
      cursor.endBlock(blockEnd);
    }
    cursor.leave();
    return items;
  };
}

export function readMap(readValue: Read, least: number): Read {
  return (cursor) => {
    const entries: Plain = {};
    cursor.enter();
    for (let count = cursor.blockCount(least); count > 0; count = cursor.blockCount(least)) {
      const { blockEnd } = cursor;
      for (; count > 0; count--) {
        const key = cursor.string();
        const value = readValue(cursor);
        if (key !== "__proto__") entries[key] = value === undefined ? null : value;
      }
      cursor.endBlock(blockEnd);
    }
    cursor.leave();
    return entries;
  };
}
