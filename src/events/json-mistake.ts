// Says where a text stops being JSON, or gets too deep: for texts with many brackets, which JSON.parse should not
// see before, and for the position that JSON.parse only sometimes tells (RFC 8259).
//
// One pass, no recursion, no backtracking. State: `open` holds the closing bracket of everything open; `expected`
// is what may come next, besides white space.

export interface JsonMistake {
  readonly problem: "syntax" | "depth";
  /** Index into the text, in UTF-16 units; its length when the text ends too early. */
  readonly at: number;
}

/** The first mistake; undefined when there is none. */
export function findMistake(text: string, maxDepth: number): JsonMistake | undefined {
  return new Walk(text, maxDepth).mistake();
}

class Walk {
  private at = 0;
  private readonly open: ("}" | "]")[] = [];
  private expected: "value" | "value-or-end" | "key" | "key-or-end" | "after" = "value";

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  mistake(): JsonMistake | undefined {
    for (this.skipSpace(); this.at < this.text.length; this.skipSpace()) {
      const problem = this.step(this.text[this.at]!);
      if (problem) return { problem, at: Math.min(this.at, this.text.length) };
    }
    const complete = this.expected === "after" && this.open.length === 0;
    return complete ? undefined : { problem: "syntax", at: this.text.length };
  }

  private step(char: string): JsonMistake["problem"] | undefined {
    if (this.expected === "after") return this.afterValue(char);
    if (this.expected.endsWith("-or-end") && char === this.open.at(-1)) return this.close();
    if (this.expected.startsWith("key")) return this.key();
    if (char === "{" || char === "[") return this.begin(char);
    this.expected = "after";
    return this.scalar(char) ? undefined : "syntax";
  }

  private afterValue(char: string): "syntax" | undefined {
    const closing = this.open.at(-1);
    if (closing === undefined) return "syntax";
    if (char === closing) return this.close();
    if (char !== ",") return "syntax";
    this.expected = closing === "}" ? "key" : "value";
    this.at++;
    return undefined;
  }

  private begin(char: "{" | "["): "depth" | undefined {
    if (this.open.length >= this.maxDepth) return "depth";
    this.open.push(char === "{" ? "}" : "]");
    this.expected = char === "{" ? "key-or-end" : "value-or-end";
    this.at++;
    return undefined;
  }

  private close(): undefined {
    this.open.pop();
    this.expected = "after";
    this.at++;
  }

  private key(): "syntax" | undefined {
    if (!this.string()) return "syntax";
    this.skipSpace();
    if (this.text[this.at] !== ":") return "syntax";
    this.at++;
    this.expected = "value";
    return undefined;
  }

  private scalar(char: string): boolean {
    if (char === '"') return this.string();
    for (const word of ["true", "false", "null"])
      if (this.text.startsWith(word, this.at)) return this.move(word.length);
    return this.number();
  }

  private move(count: number): true {
    this.at += count;
    return true;
  }

  private string(): boolean {
    if (this.text[this.at] !== '"') return false;
    for (this.at++; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) return this.move(1);
      if (code < 0x20) return false;
      if (code === 0x5c && !this.escape()) return false;
    }
    return false;
  }

  /** Ends at the last character of the escape. */
  private escape(): boolean {
    const kind = this.text[++this.at] ?? "";
    if (kind !== "u") return kind !== "" && '"\\/bfnrt'.includes(kind);
    for (let digit = 0; digit < 4; digit++) if (!isHex(this.text.charCodeAt(++this.at))) return false;
    return true;
  }

  private number(): boolean {
    if (this.text[this.at] === "-") this.at++;
    if (this.text[this.at] === "0") this.at++;
    else if (!this.digits()) return false;
    if (this.text[this.at] === ".") {
      this.at++;
      if (!this.digits()) return false;
    }
    const exponent = this.text[this.at];
    if (exponent !== "e" && exponent !== "E") return true;
    const sign = this.text[++this.at];
    if (sign === "+" || sign === "-") this.at++;
    return this.digits();
  }

  /** At least one. */
  private digits(): boolean {
    const from = this.at;
    while (isDigit(this.text.charCodeAt(this.at))) this.at++;
    return this.at > from;
  }

  private skipSpace(): void {
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
