// A messageId as four numbers: 120 bits of its hash (`ld-` and 43 characters of base64url). Two events that agree in
// those and are not the same will not be met. It is what duplicates are told by.

const CHARACTERS = 5;
export const SHORT_NAME_NUMBERS = 4;

/** Character code -> its six bits of base64url. */
const sixBits = new Uint8Array(128);
for (const [bits, character] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
].entries())
  sixBits[character.charCodeAt(0)] = bits;

/** `hashAt`: where the hash begins in `id`. */
export function writeShortName(id: string, hashAt: number, into: Int32Array, at: number): void {
  for (let number = 0; number < SHORT_NAME_NUMBERS; number++) {
    let bits = 0;
    const from = hashAt + number * CHARACTERS;
    for (let i = from; i < from + CHARACTERS; i++) bits = (bits << 6) | sixBits[id.charCodeAt(i) & 127]!;
    into[at + number] = bits;
  }
}
