// The bare data of a container file with the null codec, as its writer put them there. For comparisons and servers:
// nothing here is checked.

import { readFileSync } from "node:fs";

import avsc from "avsc";

/** Yields `{ schema, blocks }`; a block is `{ count, start, end }` within `bytes`. */
export function readContainer(path) {
  const bytes = readFileSync(path);
  let at = 4;
  const long = () => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const text = () => {
    const length = long();
    at += length;
    return bytes.toString("utf8", at - length, at);
  };
  let schema = "";
  for (let left = long(); left !== 0; left = long()) {
    for (; left > 0; left--) {
      const key = text();
      const value = text();
      if (key === "avro.schema") schema = value;
    }
  }
  at += 16;
  const blocks = [];
  while (at < bytes.length) {
    const count = long();
    const size = long();
    blocks.push({ count, start: at, end: at + size });
    at += size + 16;
  }
  return { bytes, schema, blocks };
}

/** The first `limit` data, each as a Buffer of its own place in the file. */
export function readDatums(path, limit = Number.POSITIVE_INFINITY) {
  const { bytes, schema, blocks } = readContainer(path);
  const type = avsc.Type.forSchema(JSON.parse(schema));
  const data = [];
  for (const { count, start, end } of blocks) {
    const block = bytes.subarray(start, end);
    for (let i = 0, at = 0; i < count; i++) {
      const { offset } = type.decode(block, at);
      data.push(block.subarray(at, offset));
      at = offset;
      if (data.length === limit) return { schema, data };
    }
  }
  return { schema, data };
}
