// What the console sees of the process it runs in. It is given to it: the console starts nothing and owns nothing.

import type { DestinationKeeper } from "../destinations/destination-keeper.ts";
import type { EnablementKeeper } from "../destinations/enablement-keeper.ts";
import type { ListedEnablement } from "../destinations/enablement.ts";
import type { Clock } from "../engine/clock.ts";
import type { Destinations, Logger } from "../engine/contracts.ts";
import type { Metrics } from "../engine/metrics.ts";
import type { Run } from "../engine/run.ts";
import type { LetterBox } from "./letter-box.ts";
import type { LiveProcess } from "../live/live-process.ts";
import type { LettersFound } from "../live/trace-search.ts";
import type { SeenFlags } from "./seen-flags.ts";
import type { TestSender } from "./test-sender.ts";

export interface ConsolePipeline {
  readonly name: string;
  readonly file: string;
  readonly run: Run;
  readonly metrics: Metrics;
  /** Whether its events go to destinations at all. */
  readonly usesDestinations: boolean;
  /** What stands in git beside the pipeline. */
  readonly declared: Destinations;
  /** Declared ones and those of the store. */
  readonly destinations: Destinations;
  /** Its own enablement, without the store's. */
  readonly enablement: ListedEnablement;
  /** How fresh its enablement is, when it follows LaunchDarkly's; undefined when it stands in git. */
  readonly polled?: (() => { readonly ageMs?: number; readonly failures: number }) | undefined;
  readonly letterBox: LetterBox;
  /** Letters about a message id, an event id or a messageId. */
  lettersAbout(id: string): Promise<LettersFound>;
}

/** What every process can tell, with or without a store of settings. */
export interface ProcessWorld {
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly live: LiveProcess;
  /** Those that run now. */
  readonly pipelines: () => readonly ConsolePipeline[];
}

export interface ConsoleWorld extends ProcessWorld {
  readonly destinations: DestinationKeeper;
  readonly enablement: EnablementKeeper;
  readonly seenFlags: SeenFlags;
  readonly testSender: TestSender;
}
