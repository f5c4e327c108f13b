// The live table on a terminal: all pipelines, and below them stages, lanes, drops and dead letters of the chosen one.
//
//   closed --open--> drawing on the terminal's second screen --close, q, Ctrl-C--> closed: the terminal is as it was

import type { ReadStream, WriteStream } from "node:tty";

import type { Snapshot } from "../../live/shapes/snapshot.ts";
import { clip } from "../terminal-text.ts";
import { sorted, type SortName, sortNames, topTable } from "./table.ts";

const SECOND_SCREEN = "\u001b[?1049h\u001b[?25l";
const FIRST_SCREEN = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";
/** One key: an arrow (in either mode of the cursor keys), or a character. Fast ones come several in a piece. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters.
const KEY = /\u001b[[O][A-Z]|[\s\S]/g;
/** Of a terminal that does not tell its size. */
const USUAL = { columns: 80, rows: 24 };

export class TopScreen {
  private snapshot: Snapshot | undefined;
  /** Name of a pipeline; undefined: the first. */
  private chosen: string | undefined;
  private sort = 0;

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
    private readonly leave: () => void,
    private readonly color: boolean,
  ) {}

  open(): void {
    this.output.write(SECOND_SCREEN);
    this.input.setRawMode(true);
    this.input.resume();
    this.input.on("data", this.key);
    this.output.on("resize", this.draw);
  }

  close(): void {
    this.input.off("data", this.key);
    this.output.off("resize", this.draw);
    this.input.setRawMode(false);
    this.input.pause();
    this.output.write(FIRST_SCREEN);
  }

  show(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.draw();
  }

  private readonly key = (data: Buffer): void => {
    for (const key of data.toString("latin1").match(KEY) ?? []) if (!this.obey(key)) return;
    this.draw();
  };

  /** False: it is over. */
  private obey(key: string): boolean {
    switch (key) {
      case "q":
      case "\u0003":
        this.leave();
        return false;
      case "\u001b[A":
      case "\u001bOA":
      case "k":
        this.move(-1);
        return true;
      case "\u001b[B":
      case "\u001bOB":
      case "j":
        this.move(1);
        return true;
      case "s":
        this.sort = (this.sort + 1) % sortNames.length;
        return true;
      default:
        return true;
    }
  }

  /** The choice stays with its pipeline when rates change the order. */
  private move(by: number): void {
    const names = sorted(this.snapshot?.pipelines ?? [], this.sortName).map(({ name }) => name);
    const at = Math.max(0, names.indexOf(this.chosen ?? ""));
    this.chosen = names[Math.min(names.length - 1, Math.max(0, at + by))];
  }

  private get sortName(): SortName {
    return sortNames[this.sort]!;
  }

  private readonly draw = (): void => {
    if (!this.snapshot) return;
    const { columns, rows } = sizeOf(this.output);
    const { chosen, sortName: sort } = this;
    const lines = topTable(this.snapshot, { chosen, sort, color: this.color, rows: rows - 1 });
    const shown = lines.slice(0, rows - 1).map((line) => clip(line, columns));
    this.output.write(HOME + shown.map((line) => line + REST_OF_LINE).join("\r\n") + REST_OF_SCREEN);
  };
}

function sizeOf({ columns, rows }: WriteStream): { readonly columns: number; readonly rows: number } {
  return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
}
