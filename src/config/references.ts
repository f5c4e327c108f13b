// `${NAME}`, `${NAME:-default}`, `${env:NAME}` and `${file:path}` in the values of a definition.
//
// A reference is a whole scalar and is resolved after parsing, so that no value can change the structure of the
// file, and what stands in a comment is never looked at. Rules:
// - an empty variable counts as unset, as `:-` does in a shell;
// - the text becomes a number or true/false where the schema takes one and no text;
// - a file gives its text without one last line break;
// - `$${` is how to write the characters `${` themselves.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

export type Reference =
  | { readonly kind: "variable"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "file"; readonly path: string };

/** What a scalar is, as far as references go. */
export type Scalar =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "reference"; readonly reference: Reference }
  | { readonly is: "wrong"; readonly code: "partial-reference" | "bad-reference"; readonly message: string };

const VARIABLE = /^\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}$/;
const FILE = /^\$\{file:([^{}]+)\}$/;
const MOST_NAME_CHARACTERS = 60;

/** Whether a text needs reading at all: cheap, for files of many thousand plain texts. */
export function mayRefer(text: string): boolean {
  return text.includes("${");
}

export function readScalar(text: string): Scalar {
  const variable = VARIABLE.exec(text);
  if (variable) {
    return { is: "reference", reference: { kind: "variable", name: variable[1]!, fallback: variable[2] } };
  }
  const file = FILE.exec(text);
  if (file) return { is: "reference", reference: { kind: "file", path: file[1]! } };
  const unescaped = text.replaceAll("$${", "");
  const start = unescaped.indexOf("${");
  if (start === -1) return { is: "text", text: text.replaceAll("$${", "${") };
  return wrong(unescaped, start);
}

function wrong(text: string, start: number): Scalar {
  const end = text.indexOf("}", start);
  const piece = text.slice(start, end + 1);
  if (end !== -1 && piece !== text && (VARIABLE.test(piece) || FILE.test(piece))) {
    const shown = piece.length <= MOST_NAME_CHARACTERS ? piece : "${…}";
    const message = `${shown} stands inside a longer text; a reference must be the whole value`;
    return { is: "wrong", code: "partial-reference", message };
  }
  const message =
    "not a reference; write ${NAME}, ${NAME:-default}, ${env:NAME} or ${file:path}, or $${ for the characters themselves";
  return { is: "wrong", code: "bad-reference", message };
}

/** As it is shown to people: without the fallback, which may be long. */
export function referenceName(reference: Reference): string {
  return reference.kind === "file" ? `\${file:${reference.path}}` : `\${${reference.name}}`;
}

/** Variables whose values are kept out of sight wherever they turn up. */
export function looksSecret(name: string): boolean {
  return /(?:^|_)(?:KEY|SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:_|$)/i.test(name);
}

/** The number or boolean that a text stands for in YAML's core schema; otherwise the text itself. */
export function plainScalar(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
