/** A frame of raw blocks (RFC 8878): not every Node can compress in this form, and no test needs it to. */
export function zstandardFrame(data: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528, 0);
  // Single segment, content size in four bytes.
  header[4] = 0xa0;
  header.writeUInt32LE(data.length, 5);
  const parts: Buffer[] = [header];
  const most = 128 * 1024;
  for (let at = 0; at === 0 || at < data.length; at += most) {
    const piece = data.subarray(at, at + most);
    const last = at + most >= data.length ? 1 : 0;
    const size = Buffer.alloc(4);
    size.writeUInt32LE((piece.length << 3) | last);
    parts.push(size.subarray(0, 3), piece);
  }
  return Buffer.concat(parts);
}
