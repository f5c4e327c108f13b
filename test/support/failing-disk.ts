import { type FileHandle, open } from "node:fs/promises";

import { onTestFinished, vi } from "vitest";

/** The next write to any file puts down `bytes` of it; the one after that fails as on a full disk. */
export async function diskFullAfter(bytes: number): Promise<void> {
  const handle = await open("/dev/null", "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const write = prototype.write as (...parameters: unknown[]) => Promise<unknown>;
  const spy = vi.spyOn(prototype, "write") as ReturnType<typeof vi.fn>;
  onTestFinished(() => spy.mockRestore());
  if (bytes > 0)
    spy.mockImplementationOnce(function (this: FileHandle, lines: unknown, from: unknown) {
      return write.call(this, lines, from, bytes);
    });
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  spy.mockRejectedValueOnce(full);
}
