// One YAML file being loaded: its value, where everything stands, and what was found wrong so far.

import { parseYaml } from "./parse-yaml.ts";
import type { Positions } from "./positions.ts";
import type { Span } from "./positions.ts";
import type { Problem } from "./problem.ts";
import type { Sources } from "./sources.ts";
import { insideText } from "./inside-text.ts";
import { FileTooLarge, readFailure } from "./outside.ts";
import type { Outside } from "./outside.ts";
import { valueAt } from "./value-at.ts";

export const MAX_PIPELINE_BYTES = 1024 * 1024;

const NOWHERE: Span = { line: 0, col: 0, endLine: 0, endCol: 0 };
const START: Span = { line: 1, col: 1, endLine: 1, endCol: 1 };

/** What to say about one place; `path` is a JSON pointer. */
export interface Finding {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
  /** 0-based: point into the text that the value is. */
  readonly offset?: number | undefined;
}

export class YamlFile {
  readonly problems: Problem[] = [];
  /** What will be a problem one day. */
  readonly warnings: Problem[] = [];

  private constructor(
    /** As the person wrote it: shown in problems. */
    readonly name: string,
    /** undefined: the file could not be read or parsed. */
    readonly value: unknown,
    private readonly positions: Positions | undefined,
    private readonly text = "",
  ) {}

  /** Reads and parses; when that fails, `problems` says so and `value` is undefined. */
  static async read(
    from: { name: string; path: string; maxBytes: number },
    outside: Outside,
    sources: Sources,
  ): Promise<YamlFile> {
    const text = await readText(from.path, from.maxBytes, outside);
    if (typeof text !== "string") {
      const file = new YamlFile(from.name, undefined, undefined);
      file.push(START, { ...text, path: "" });
      return file;
    }
    sources.addText(from.name, text);
    const { value, positions, problems } = parseYaml(text);
    const file = new YamlFile(from.name, value, positions, text);
    for (const { start, end, ...finding } of problems) {
      file.push(positions.span([start, end]), { ...finding, path: "" });
    }
    return file;
  }

  /** For values that come from the command line: problems carry the option's name and no position. */
  static ofOption(option: string, value: unknown): YamlFile {
    return new YamlFile(option, value, undefined);
  }

  /** Not on the command line: a shell has been there already. */
  get mayHoldReferences(): boolean {
    return this.positions !== undefined;
  }

  /** Whether something is written at this place. */
  has(path: string): boolean {
    return this.positions?.has(path) ?? false;
  }

  /** Where a value stands, or the nearest thing around it. `path` is a JSON pointer. */
  place(path: string): Span {
    return this.positions?.value(path) ?? NOWHERE;
  }

  add(finding: Finding): void {
    const { positions } = this;
    if (!positions) this.push(NOWHERE, finding);
    else if (finding.offset !== undefined)
      this.push(
        insideText(
          this.text,
          valueAt(this.value, finding.path),
          positions.value(finding.path),
          finding.offset,
        ),
        finding,
      );
    else this.push(finding.atKey ? positions.key(finding.path) : positions.value(finding.path), finding);
  }

  warn({ code, path, message }: Finding): void {
    const span = this.positions?.key(path) ?? NOWHERE;
    this.warnings.push({ file: this.name, ...span, code, message, severity: "warning", path });
  }

  private push(span: Span, { code, path, message, suggestion }: Finding): void {
    const guess = suggestion === undefined ? {} : { suggestion };
    this.problems.push({ file: this.name, ...span, code, message, ...guess, path });
  }
}

type Unreadable = Pick<Finding, "code" | "message">;

/** The text of a UTF-8 file, or why there is none. A byte order mark is left out. */
export async function readText(
  path: string,
  maxBytes: number,
  outside: Outside,
): Promise<string | Unreadable> {
  try {
    const bytes = await outside.readFile(path, maxBytes);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof FileTooLarge) return { code: "file-too-large", message: error.message };
    if (error instanceof TypeError) return { code: "not-utf8", message: "the file is not UTF-8 text" };
    return { code: "unreadable-file", message: readFailure(error) };
  }
}
