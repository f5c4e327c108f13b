// A server may echo what it was sent. Nothing that we say about its answer may carry the write key.

/** Replaces every form in which a request carried the key. */
export function scrub(text: string, writeKey: string): string {
  if (writeKey === "") return text;
  const forms = [
    Buffer.from(`${writeKey}:`).toString("base64"),
    Buffer.from(writeKey).toString("base64").replace(/=+$/, ""),
    encodeURIComponent(writeKey),
    writeKey.replaceAll("/", "\\/"),
    writeKey,
  ];
  return forms.reduce((clean, form) => clean.replaceAll(form, "[redacted]"), text);
}

/** One line of printable text, at most `maxLength` characters. */
export function oneLine(text: string, maxLength: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength)}…`;
}
