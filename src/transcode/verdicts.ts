// Whether an event goes on, from its places: filter-enabled.ts, filter-time.ts and the first half of segment-event.ts.

import { ShortStrings, SHORT_STRING } from "../avro/short-strings.ts";
import { KEY_MEMBER } from "../events/json-bytes.ts";
import { TEST_EVENT_KEY } from "../events/test-event.ts";
import { skippedKinds } from "../transforms/segment-event/kinds.ts";
import { LATEST_MS } from "../transforms/segment-event/timestamp.ts";
import { FLAGS, NUMBERS, notPlain, type Places, TEXTS } from "./places.ts";
import type { Scope } from "./scopes.ts";

/** What an event can be dropped for. */
export const DROPS = [
  { stage: "filter-enabled", reason: "environment-not-enabled" },
  { stage: "filter-enabled", reason: "flag-not-enabled" },
  { stage: "filter-enabled", reason: "events-not-enabled" },
  { stage: "filter-time", reason: "outside-time-window" },
  { stage: "segment-event", reason: "skipped-kind" },
  { stage: "segment-event", reason: "no-destination" },
];
const GOES_ON = -1;
const ENVIRONMENT_OFF = 0;
const FLAG_OFF = 1;
const EVENTS_OFF = 2;
const OUTSIDE = 3;
const SKIPPED = 4;
const NO_DESTINATION = 5;

const { "event.kind": KIND, "event.key": KEY, "event.userKey": USER_KEY } = TEXTS;
const { "event.context": CONTEXT, "event.user": USER } = TEXTS;
const { "event.creationDate": CREATION_DATE } = NUMBERS;
const IN_EXPERIMENT = FLAGS["event.reason.inExperiment"];
const BACKSLASH = 0x5c;
const TEST_LENGTH = TEST_EVENT_KEY.length;
const OF_EVENTS: ReadonlySet<string> = new Set(["click", "pageview", "custom", "alias"]);
const KINDS: ReadonlySet<string> = new Set(["feature", ...OF_EVENTS, ...skippedKinds.keys()]);

export interface VerdictSettings {
  /** `filter-enabled` lets evaluations in experiments pass. */
  readonly experiments: boolean;
  /** Of each `filter-time`, in Unix milliseconds. */
  readonly windows: readonly { readonly sinceMs: number; readonly untilMs: number }[];
}

export class Verdicts {
  /** The detail of the last drop. */
  detail = "";
  /** Later events are implausible: the stages count them. */
  latestMs = 0;
  private readonly strings = new ShortStrings();

  constructor(
    private readonly places: Places,
    private readonly settings: VerdictSettings,
  ) {}

  /** Throws `notPlain` for an event without one, and for one that is treated in its own way. */
  kind(): string {
    const { places } = this;
    if (places.length(TEXTS.project) === 0 || places.length(TEXTS.environment) === 0) throw notPlain;
    if (this.mayBeTest()) throw notPlain;
    const kind = this.shortText(KIND);
    if (kind === undefined || !KINDS.has(kind)) throw notPlain;
    return kind;
  }

  /** The place in `DROPS`, or -1. */
  drop({ exported, environment, receivers }: Scope, kind: string): number {
    if (!exported) return this.because(ENVIRONMENT_OFF, environment);
    if (!exported.allFlags) {
      if (kind === "feature" && !this.isFlagOn(exported.flags)) return this.because(FLAG_OFF, this.key());
      if (!exported.events && OF_EVENTS.has(kind)) return this.because(EVENTS_OFF, kind);
    }
    if (this.isOutside()) return this.because(OUTSIDE, "");
    if (receivers.length === 0) return this.because(NO_DESTINATION, "");
    return skippedKinds.has(kind) ? this.because(SKIPPED, kind) : GOES_ON;
  }

  /** Whole milliseconds. What is no time, or a day ahead, is left to the stages. */
  time(): number {
    const ms = Math.round(this.places.numbers[CREATION_DATE]!);
    if (ms > 0 && ms <= LATEST_MS && ms <= this.latestMs) return ms;
    throw notPlain;
  }

  private because(drop: number, detail: string): number {
    this.detail = detail;
    return drop;
  }

  private shortText(slot: number): string | undefined {
    const { places } = this;
    const length = places.length(slot);
    if (length === 0 || length > SHORT_STRING) return undefined;
    return this.strings.get(places.buf, places.from[slot]!, places.to[slot]!);
  }

  private key(): string {
    const { places } = this;
    if (places.length(KEY) === 0) return "";
    return this.shortText(KEY) ?? places.buf.toString("utf8", places.from[KEY]!, places.to[KEY]!);
  }

  private isFlagOn(flags: ReadonlySet<string>): boolean {
    if (this.settings.experiments && this.places.numbers[IN_EXPERIMENT] === 1) return true;
    return this.places.has(KEY) && flags.has(this.key());
  }

  private isOutside(): boolean {
    const time = this.places.numbers[CREATION_DATE]!;
    if (Number.isNaN(time)) return false;
    return this.settings.windows.some(({ sinceMs, untilMs }) => !(time >= sinceMs && time < untilMs));
  }

  /** Each place where the key of a test event may be. */
  private mayBeTest(): boolean {
    const { places } = this;
    if (places.length(KEY) === TEST_LENGTH || places.length(USER_KEY) === TEST_LENGTH) return true;
    for (let entry = 0; entry < places.kinds; entry++)
      if (places.keyTo[entry]! - places.keyFrom[entry]! === TEST_LENGTH) return true;
    if (places.length(CONTEXT) > TEST_LENGTH && this.isTestContext()) return true;
    if (places.length(USER) <= TEST_LENGTH) return false;
    const user = places.buf.subarray(places.from[USER]!, places.to[USER]!);
    return user.includes(TEST_EVENT_KEY) || user.includes(BACKSLASH);
  }

  private isTestContext(): boolean {
    const { context, buf } = this.places;
    const from = context.from[KEY_MEMBER]!;
    const to = context.to[KEY_MEMBER]!;
    const inQuotes = to - from - 2;
    if (context.hasEscapedName || inQuotes === TEST_LENGTH) return true;
    if (inQuotes > TEST_LENGTH) for (let at = from; at < to; at++) if (buf[at] === BACKSLASH) return true;
    return false;
  }
}
