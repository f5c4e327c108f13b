import { expect, it } from "vitest";

import { ByteWindow } from "../../src/avro/byte-window.ts";

const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, i) => i));

/** A file of `pieces` that are asked for one after the other, each behind a look at its head, as a container's blocks are. */
async function bytesRead(pieces: readonly number[]): Promise<{ read: number; size: number; sound: boolean }> {
  const size = pieces.reduce((sum, bytes) => sum + bytes, 0);
  const file = Buffer.alloc(size, PATTERN);
  let read = 0;
  const window = new ByteWindow({
    size,
    async read(position, length) {
      read += length;
      return Buffer.from(file.subarray(position, position + length));
    },
  });
  let sound = true;
  let at = 0;
  for (const bytes of pieces) {
    await window.at(at, 20);
    const piece = (await window.at(at, bytes)).subarray(0, bytes);
    sound &&= piece.equals(file.subarray(at, at + bytes));
    at += bytes;
  }
  return { read, size, sound };
}

it("reads hardly a byte twice, whatever the size of the blocks", async () => {
  for (const bytes of [500, 5_000, 16_400, 65_600, 100_000, 300_000]) {
    // Blocks end behind the datum that fills them: they are not quite of one size.
    const { read, size, sound } = await bytesRead(
      Array.from({ length: 60 }, (_, i) => bytes + ((i * 37) % 190)),
    );
    expect(sound).toBe(true);
    expect(read / size, `blocks of ${bytes} bytes`).toBeLessThan(1.15);
  }
});

it("reads what is asked for where blocks are of very different sizes", async () => {
  const { sound } = await bytesRead([30, 200_000, 10, 70_000, 70_000, 5, 1_000_000, 64]);
  expect(sound).toBe(true);
});
