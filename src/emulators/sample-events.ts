// An endless, realistic mix of export events for the quick start: every kind, flags on and off, SDKs of every
// age, two environments, now and then something broken. The same seed gives the same events.

import { pick, seededRandom, type Random } from "./sample-random.ts";
import { evaluation, SAMPLE_FLAGS } from "./sample-flags.ts";
import { samplePerson, whoFields } from "./sample-people.ts";

export const SAMPLE_PROJECT = "5744c12345c9900708000001";
/** The environment of `pipelines/destinations.yaml`. */
export const SAMPLE_PRODUCTION = "5d4b12345d2a2806bd2cc6eb";
/** Not listed in `pipelines/enablement.yaml`. */
export const SAMPLE_STAGING = "578d1e02d2943862c52b9686";

export interface SampleEvent {
  /** The export event. For a `garbage` sample something else: publish `bytes` instead. */
  readonly event: object;
  readonly kind: string;
  /** What is special about it, for people: `flag off`, `no identity`. */
  readonly note: string;
  /** Set when the sample is no event at all. */
  readonly bytes?: Uint8Array;
}

/** `nowMs` dates each event (Unix milliseconds); without it an event happens every 10 ms from 2026 on. */
export function* sampleEvents(
  seed: number,
  nowMs: () => number = steadyTime(),
): Generator<SampleEvent, never, undefined> {
  const random = seededRandom(seed);
  for (let serial = 0; ; serial++) {
    const sample = weighted(random)(random);
    if (sample.bytes) {
      yield { event: {}, kind: sample.kind, note: sample.note, bytes: sample.bytes };
      continue;
    }
    const environment = random() < 0.9 ? SAMPLE_PRODUCTION : SAMPLE_STAGING;
    const note = environment === SAMPLE_STAGING ? "environment not exported" : sample.note;
    const now = nowMs();
    const creationDate = now - Math.floor(random() * 2_000);
    const id = objectId(now, serial, random);
    const event = { kind: sample.kind, id, creationDate, ...sample.fields };
    const version = "contextKeys" in event || "context" in event ? 2 : 1;
    yield { event: { project: SAMPLE_PROJECT, environment, event, version }, kind: sample.kind, note };
  }
}

function steadyTime(): () => number {
  let ms = Date.UTC(2026, 0, 1);
  return () => (ms += 10);
}

interface Draft {
  readonly kind: string;
  readonly note: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly bytes?: Uint8Array;
}

type Maker = (random: Random) => Draft;

const PAGES = ["/", "/pricing", "/checkout", "/search?q=caf%C3%A9", "/account/settings"];

const feature: Maker = (random) => {
  const flag = pick(random, SAMPLE_FLAGS);
  const inExperiment = random() < 0.05;
  const note = flag.on ? "flag on" : inExperiment ? "flag off, in experiment" : "flag off";
  return {
    kind: "feature",
    note,
    fields: { ...evaluation(random, flag, inExperiment), ...whoFields(random) },
  };
};

const debug: Maker = (random) => {
  const flag = pick(random, SAMPLE_FLAGS);
  const { key, name } = samplePerson(random);
  const context = { kind: "user", key, name };
  return { kind: "debug", note: "not for Segment", fields: { ...evaluation(random, flag, false), context } };
};

const url = (random: Random): string => `https://shop.example.com${pick(random, PAGES)}`;

const click: Maker = (random) => ({
  kind: "click",
  note: "click",
  fields: { key: "add-to-cart", url: url(random), selector: "button.add-to-cart", ...whoFields(random) },
});

const pageview: Maker = (random) => ({
  kind: "pageview",
  note: "page view",
  fields: { key: "any-page", url: url(random), ...whoFields(random) },
});

const custom: Maker = (random) => ({
  kind: "custom",
  note: "custom",
  fields: {
    key: pick(random, ["order-placed", "signup", "search-performed"]),
    data: { source: pick(random, ["web", "ios", "android"]), items: Math.ceil(random() * 5) },
    ...(random() < 0.7 && { metricValue: Math.round(random() * 20_000) / 100 }),
    ...whoFields(random),
  },
});

const alias: Maker = (random) => ({
  kind: "alias",
  note: "old SDK",
  fields: {
    key: samplePerson(random).key,
    contextKind: "user",
    previousKey: `anon-${Math.floor(random() * 1e9).toString(36)}`,
    previousContextKind: "anonymousUser",
  },
});

const identify: Maker = (random) => {
  const { key, name, email } = samplePerson(random);
  return {
    kind: "identify",
    note: "not for Segment",
    fields: { context: { kind: "user", key, name, email } },
  };
};

const index: Maker = (random) => {
  const { key, name } = samplePerson(random);
  return { kind: "index", note: "not for Segment", fields: { context: { kind: "user", key, name } } };
};

const summary: Maker = () => ({
  kind: "summary",
  note: "not for Segment",
  fields: {
    startDate: 1_700_000_000_000,
    endDate: 1_700_000_060_000,
    features: {
      "dark-mode": {
        default: false,
        counters: [{ value: true, version: 11, variation: 0, count: 17 }],
        contextKinds: ["user"],
      },
    },
  },
});

const migrationOp: Maker = (random) => ({
  kind: "migration_op",
  note: "not for Segment",
  fields: {
    operation: pick(random, ["read", "write"]),
    evaluation: { key: "orders-db", value: "shadow", default: "off", variation: 2, version: 5 },
    measurements: [{ key: "latency_ms", values: { old: 12, new: Math.ceil(random() * 20) } }],
    ...whoFields(random),
  },
});

const noIdentity: Maker = (random) => ({
  kind: "custom",
  note: "no identity",
  fields: {
    key: "device-started",
    contextKeys: { device: `dev-${Math.floor(random() * 1e6)}` },
  },
});

const unknownKind: Maker = (random) => ({
  kind: "holographic",
  note: "unknown kind",
  fields: { key: "from-the-future", ...whoFields(random) },
});

const badTimestamp: Maker = (random) => ({
  kind: "click",
  note: "bad timestamp",
  fields: { key: "add-to-cart", url: url(random), creationDate: "yesterday", ...whoFields(random) },
});

const garbage: Maker = (random) => ({
  kind: "garbage",
  note: "undecodable",
  bytes: Uint8Array.from({ length: 24 }, () => 0x80 | Math.floor(random() * 0x80)),
});

/** Shares of 1,000. */
const MAKERS: readonly (readonly [number, Maker])[] = [
  [560, feature],
  [110, custom],
  [90, click],
  [90, pageview],
  [40, identify],
  [30, index],
  [25, summary],
  [15, debug],
  [10, migrationOp],
  [10, alias],
  [8, noIdentity],
  [5, unknownKind],
  [3, badTimestamp],
  [4, garbage],
];

function weighted(random: Random): Maker {
  let ticket = random() * 1_000;
  for (const [share, maker] of MAKERS) {
    ticket -= share;
    if (ticket < 0) return maker;
  }
  return feature;
}

/** As LaunchDarkly mints them: receive time in seconds, then a machine's random part, then a counter. */
function objectId(nowMs: number, serial: number, random: Random): string {
  const time = Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, "0");
  const machine = Math.floor(random() * 2 ** 40)
    .toString(16)
    .padStart(10, "0");
  return time + machine + (serial & 0xffffff).toString(16).padStart(6, "0");
}
