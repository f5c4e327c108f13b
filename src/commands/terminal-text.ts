// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour code begins with one.
const COLOR_CODE = /(\u001b\[[0-9;]*m)/;

/** Cuts what is visible to the width, whatever colours are in it. */
export function clip(line: string, width: number): string {
  let visible = 0;
  let out = "";
  for (const part of line.split(COLOR_CODE)) {
    if (part.startsWith("\u001b[")) out += part;
    else {
      out += part.slice(0, Math.max(0, width - 1 - visible));
      visible += part.length;
    }
  }
  return out;
}
