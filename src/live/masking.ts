// What a person who watches may see of a value: neither secrets, nor what a later `redact` stage will take out.
//
// Behind a `redact` stage values are clean. Before it, the same paths are masked where the shapes agree. Where they do
// not (the export event, when the Segment event is redacted) the same data stands under other names, so every member
// of such a name is masked at any depth, and with an id all that says who it was. Rather too much than too little.

import type { Shape } from "../engine/contracts.ts";
import { isObject } from "../events/envelope.ts";
import { SegmentEvent, type SegmentMessage } from "../events/segment-event.ts";
import { changePath, EVERY, isPath, parsePath, type Step } from "../expressions/field-path.ts";
import { scopeOf } from "../expressions/scope.ts";
import type { Drawn } from "./layout.ts";

export const MASKED = "[masked]";

type EventShape = "export-event" | "segment-event";

interface Redaction {
  readonly shape: EventShape;
  readonly paths: readonly (readonly Step[])[];
}

/** Members of a Segment event that say who it was, and what says so in an export event. */
const WHO = new Set(["userId", "anonymousId", "previousId", "contextKeys", "traits", "user", "context"]);
const WHO_OF_EXPORT = ["contextKeys", "context", "user", "userKey", "previousKey"];
/** What the Segment event has under another name than the export event. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["eventId", "id"],
  ["flagVersion", "version"],
  ["reasonKind", "reason"],
  ["timestamp", "creationDate"],
]);
/** What is left of an event of which everything is redacted. */
const HARMLESS = new Set(["kind", "id", "creationDate"]);

export class Masking {
  private readonly redactions: readonly { readonly index: number; readonly redaction: Redaction }[];

  constructor({ transforms }: Pick<Drawn, "transforms">) {
    this.redactions = transforms.flatMap(({ type, config }, index) =>
      type === "redact" ? [{ index, redaction: redactionOf(config) }] : [],
    );
  }

  /** What makes values of this arrow fit to be shown. `hidden`: raw bytes cannot be masked, so they are not shown. */
  at(arrow: number): Mask {
    return new Mask(this.redactions.filter(({ index }) => index >= arrow).map(({ redaction }) => redaction));
  }
}

export class Mask {
  private readonly names: ReadonlySet<string>;
  private readonly everything: boolean;

  constructor(private readonly redactions: readonly Redaction[]) {
    const foreign = redactions.filter(({ shape }) => shape === "segment-event").flatMap(({ paths }) => paths);
    this.names = new Set(foreign.flatMap(namesOf));
    this.everything = foreign.some(isWide);
  }

  /** Whether nothing needs to be taken out. */
  get isClear(): boolean {
    return this.redactions.length === 0;
  }

  /** A masked copy; the value itself when nothing is to be masked. */
  apply(shape: Shape, value: unknown): unknown {
    if (this.isClear) return value;
    if (value instanceof SegmentEvent) return this.segment(value);
    if (shape === "segment-event" || !isObject(value)) return MASKED;
    return this.export(value);
  }

  private segment(event: SegmentEvent): SegmentEvent {
    let { message } = event;
    for (const { shape, paths } of this.redactions) {
      if (shape !== "segment-event") continue;
      for (const steps of paths) message = changePath(message, steps.slice(1), masked) as SegmentMessage;
    }
    return message === event.message ? event : new SegmentEvent(event.destination, message);
  }

  private export(value: Readonly<Record<string, unknown>>): unknown {
    let shown: Readonly<Record<string, unknown>> = value;
    for (const { shape, paths } of this.redactions) {
      if (shape !== "export-event") continue;
      for (const steps of paths) shown = changePath(shown, steps, masked);
    }
    if (this.names.size === 0) return shown;
    const { event, ...envelope } = shown;
    if (!isObject(event)) return { ...shown, event: masked(event) };
    // The Segment event has the envelope's fields among its own.
    if (this.everything) return { ...shown, ...harmless(envelope), event: harmless(event) };
    return { ...shown, ...maskMembers(envelope, this.names), event: this.withoutNames(event) };
  }

  private withoutNames(event: Readonly<Record<string, unknown>>): unknown {
    const clean = maskMembers(event, this.names);
    // An alias names the person in its key.
    if (event["kind"] === "alias" && this.names.has("userKey")) return { ...clean, key: MASKED };
    return clean;
  }
}

const masked = (value: unknown) => (value === null || value === undefined ? value : MASKED);

function redactionOf(config: unknown): Redaction {
  const settings = isObject(config) ? config : {};
  const shape: EventShape = settings["on"] === "export-event" ? "export-event" : "segment-event";
  const { fields } = scopeOf(shape, { repeatable: true });
  const paths = ["hash", "mask", "remove"].flatMap((way) => {
    const texts = settings[way];
    return Array.isArray(texts) ? texts.map(String) : [];
  });
  return {
    shape,
    paths: paths.flatMap((text) => {
      const parsed = parsePath(text, { fields, wildcards: true, mustBeKnown: false });
      return isPath(parsed) ? [parsed.steps] : [];
    }),
  };
}

/** The names under which what stands at a path of the Segment event may stand in the export event. */
function namesOf(steps: readonly Step[]): string[] {
  const names = steps.filter((step) => step !== EVERY);
  const last = names.at(-1);
  const who = names.some((name) => WHO.has(name)) ? WHO_OF_EXPORT : [];
  if (last === undefined) return who;
  const before = RENAMED.get(last);
  return before === undefined ? [last, ...who] : [last, before, ...who];
}

/** `event.*`, `event.properties` and `event.properties.*` are too much to be found again by name. */
function isWide(steps: readonly Step[]): boolean {
  const names = steps.filter((step) => step !== EVERY);
  return names.length <= 1 || names.at(-1) === "properties";
}

function harmless(event: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, HARMLESS.has(name) ? value : MASKED]),
  );
}

function maskNames(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => maskNames(one, names));
  return isObject(value) ? maskMembers(value, names) : value;
}

function maskMembers(value: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, names.has(name) ? masked(one) : maskNames(one, names)]),
  );
}
