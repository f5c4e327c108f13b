// Which rates a process uses: it says so to the store again and again, for those it asked for lately.

import { UNUSED_MS } from "./rules.ts";

export class KeysInUse {
  /** The one asked for longest ago comes first. */
  private readonly askedAtMs = new Map<string, number>();

  use(key: string, nowMs: number): void {
    this.askedAtMs.delete(key);
    this.askedAtMs.set(key, nowMs);
  }

  at(nowMs: number): string[] {
    for (const [key, askedAtMs] of this.askedAtMs) {
      if (nowMs - askedAtMs < UNUSED_MS) break;
      this.askedAtMs.delete(key);
    }
    return [...this.askedAtMs.keys()];
  }
}
