// Whether letters were redriven meanwhile, by this process or another one: the marks beside them grow, and the lock of a
// redrive comes and goes. Who asks gets what was seen last, and a look is begun; nobody waits for a disk.
//
//   resting --(asked, and the last look is a while ago)--> looking --> resting

import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { LoadedPipeline } from "../../config/load.ts";
import type { Clock } from "../../engine/clock.ts";
import { deadLetterPath } from "./find-segments.ts";
import { LOCK_FOLDER } from "./redrive-lock.ts";
import { MARKS_EXTENSION } from "./redriven.ts";

const LOOK_EVERY_MS = 1_000;
/** The newest by name: a redrive of older ones is seen when it begins and ends. */
const MOST_MARKS = 256;

export class MarksSeen {
  private seen = "";
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private isLooking = false;

  constructor(
    private readonly pipeline: LoadedPipeline,
    private readonly clock: Clock,
  ) {}

  /** Another text when more letters may be dealt with. */
  version(): string {
    const now = this.clock.nowMs();
    if (!this.isLooking && now - this.lookedAtMs >= LOOK_EVERY_MS) {
      this.isLooking = true;
      void this.look().finally(() => {
        this.lookedAtMs = now;
        this.isLooking = false;
      });
    }
    return this.seen;
  }

  private async look(): Promise<void> {
    try {
      this.seen = await lookAt(await folderOf(this.pipeline));
    } catch {
      // Letters elsewhere, or none yet: nothing can be marked. What keeps a folder from being read, its pages say.
      this.seen = "";
    }
  }
}

async function folderOf(pipeline: LoadedPipeline): Promise<string> {
  const path = deadLetterPath(pipeline);
  if (path.endsWith("/")) return path;
  return (await stat(path)).isDirectory() ? path : dirname(path);
}

async function lookAt(folder: string): Promise<string> {
  const marks = (await readdir(folder)).filter((name) => name.endsWith(MARKS_EXTENSION));
  const newest = marks.sort().slice(-MOST_MARKS);
  const sizes = await Promise.all(newest.map(async (name) => (await stat(join(folder, name))).size));
  const locked = await stat(join(folder, LOCK_FOLDER)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return `${locked} ${marks.length} ${sizes.reduce((sum, size) => sum + size, 0)}`;
}
