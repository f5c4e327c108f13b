// Where each value of a YAML file stands. Kept as offsets: only problems need lines and columns.

import type { LineCounter } from "yaml";

export interface Span {
  readonly line: number;
  readonly col: number;
  readonly endLine: number;
  readonly endCol: number;
}

type Offsets = readonly [start: number, end: number];

/** Positions by JSON pointer. A pointer that is not in the file gives the nearest thing around it. */
export class Positions {
  private readonly keys = new Map<string, Offsets>();
  private readonly values = new Map<string, Offsets>();

  constructor(private readonly lines: LineCounter) {}

  setKey(pointer: string, start: number, end: number): void {
    this.keys.set(pointer, [start, end]);
  }

  setValue(pointer: string, start: number, end: number): void {
    this.values.set(pointer, [start, end]);
  }

  has(pointer: string): boolean {
    return this.values.has(pointer) || this.keys.has(pointer);
  }

  key(pointer: string): Span {
    const offsets = this.keys.get(pointer);
    return offsets ? this.span(offsets) : this.value(pointer);
  }

  value(pointer: string): Span {
    for (let at = pointer; ; at = parentPointer(at)) {
      const offsets = this.values.get(at) ?? this.keys.get(at);
      if (offsets) return this.span(offsets);
      if (at === "") return this.span([0, 0]);
    }
  }

  span([start, end]: Offsets): Span {
    const from = this.lines.linePos(start);
    const to = this.lines.linePos(Math.max(start, end));
    return {
      line: Math.max(1, from.line),
      col: Math.max(1, from.col),
      endLine: Math.max(1, to.line),
      endCol: Math.max(1, to.col),
    };
  }
}

/** RFC 6901: `~` and `/` inside one reference token. */
export function escapePointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function pointerParts(pointer: string): string[] {
  return pointer === ""
    ? []
    : pointer
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function parentPointer(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf("/")));
}

/** `["a", 0]` → `/a/0`. */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${escapePointer(String(part))}`).join("");
}
