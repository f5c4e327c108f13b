// Tells when something happens in the folders of some files. Folders and not files: editors and Kubernetes put a new
// file in the old one's place. What exactly happened is for the caller to find out; where the system tells nothing (a
// network file system), SIGHUP does.

import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

import type { Logger } from "../../engine/contracts.ts";

/** A save is several events: they are told once, when it has been quiet this long. */
const QUIET_MS = 100;
const YAML = /\.ya?ml$/;

export class WatchedFolders {
  private readonly watchers = new Map<string, FSWatcher>();
  private names = new Set<string>();
  private whole = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: Logger,
    private readonly changed: () => void,
  ) {}

  /** From now on the folders of these files, and YAML files of any name in the folders given; no others. */
  follow(files: readonly string[], folders: readonly string[] = []): void {
    const wanted = new Set([...files.map((file) => dirname(file)), ...folders]);
    this.whole = new Set(folders);
    this.names = new Set(files.map((file) => basename(file)));
    for (const [folder, watcher] of this.watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.watchers.has(folder)) this.add(folder);
  }

  close(): void {
    clearTimeout(this.timer);
    this.follow([]);
  }

  private add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.touched(folder, name));
      watcher.on("error", (error) => this.lost(folder, error));
      this.watchers.set(folder, watcher);
    } catch (error) {
      this.lost(folder, error);
    }
  }

  private lost(folder: string, error: unknown): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
    this.log.warn({ folder, err: error }, "changes in this folder are not seen; send SIGHUP after a change");
  }

  /** Other files of the folder may be busy: dead letters, an archive. Links that others go through have no name here. */
  private touched(folder: string, name: string | null): void {
    const isOurs = name === null || this.names.has(name) || name.startsWith("..");
    if (!isOurs && !(this.whole.has(folder) && YAML.test(name))) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.changed, QUIET_MS);
    this.timer.unref();
  }
}
