// The live table on a terminal: all pipelines, and below them stages, lanes, drops and dead letters of the chosen one.
//
//   closed --open--> drawing on the terminal's second screen --close, q, Ctrl-C--> closed: the terminal is as it was

import type { ReadStream, WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";

import type { Snapshot } from "../../live/shapes/snapshot.ts";
import { clip } from "../terminal-text.ts";
import { sortNames, topTable } from "./table.ts";

const SECOND_SCREEN = "\u001b[?1049h\u001b[?25l";
const FIRST_SCREEN = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";

export class TopScreen {
  private snapshot: Snapshot | undefined;
  private chosen = 0;
  private sort = 0;

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
    private readonly leave: () => void,
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
    const last = Math.max(0, (this.snapshot?.pipelines.length ?? 1) - 1);
    switch (data.toString("latin1")) {
      case "q":
      case "\u0003":
        this.leave();
        return;
      case "\u001b[A":
      case "k":
        this.chosen = Math.max(0, this.chosen - 1);
        break;
      case "\u001b[B":
      case "j":
        this.chosen = Math.min(last, this.chosen + 1);
        break;
      case "s":
        this.sort = (this.sort + 1) % sortNames.length;
        break;
      default:
        return;
    }
    this.draw();
  };

  private readonly draw = (): void => {
    if (!this.snapshot) return;
    const { columns, rows } = this.output;
    const color = !process.env["NO_COLOR"];
    const lines = topTable(this.snapshot, { chosen: this.chosen, sort: sortNames[this.sort]!, color });
    const shown = lines
      .slice(0, rows - 1)
      .map((line) => clip(color ? line : stripVTControlCharacters(line), columns));
    this.output.write(HOME + shown.map((line) => line + REST_OF_LINE).join("\r\n") + REST_OF_SCREEN);
  };
}
