// Protocol Buffers' variable-length numbers, for 0 to 2^31 - 1.

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++;
  return size;
}

/** Yields the position after it. */
export function writeVarint(out: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

/** `tag, length, bytes`: one field of bytes or a string. */
export function writeBytesField(out: Buffer, from: number, tag: number, bytes: Uint8Array): number {
  out[from] = tag;
  const at = writeVarint(out, from + 1, bytes.length);
  out.set(bytes, at);
  return at + bytes.length;
}

export function bytesFieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}
