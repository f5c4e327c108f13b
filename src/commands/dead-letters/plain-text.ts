// Texts of other people on a terminal: nothing in them may move the cursor, colour or title anything.

/** The control characters of C0 and C1, and what reorders a line; escaped as in JSON. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function plainText(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** On one line, and no longer than `most` characters. */
export function shortText(text: string, most: number): string {
  const plain = plainText(text);
  return plain.length <= most ? plain : `${plain.slice(0, most - 1)}…`;
}

/** Of several lines. */
export function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
