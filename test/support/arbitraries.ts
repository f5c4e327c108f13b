// Generators of export events and of things that are none. Well-formed events have every shape that SDKs have
// written; `anyExportEvent` also damages them: fields missing, of other types, or named like traps.

import fc from "fast-check";

/** Texts that have broken programs: empty, huge, right-to-left, lone surrogates, markup, names of prototypes. */
const naughtyText = fc.constantFrom(
  "",
  " ",
  "0",
  "null",
  "true",
  "__proto__",
  "constructor",
  "toString",
  "<img src=x onerror=alert(1)>",
  "𝒳🧪👩‍👩‍👧‍👦",
  "\u202etfel-ot-thgir",
  "\ud800",
  "\u0000",
  "line\u2028break\n",
  "x".repeat(2_000),
);
export const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 24 }) },
  { weight: 1, arbitrary: naughtyText },
);
const someText = anyText.filter((text) => text !== "");

export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 });

const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: 0, max: 50 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const creationDate = fc.oneof(
  fc.integer({ min: 1, max: 1_767_225_600_000 }),
  fc.double({ min: 1, max: 1_767_225_600_000, noNaN: true }),
  // The documentation's own slip: the year 2490.
  fc.constant(16_420_388_151_234),
);

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const contextKinds = fc.constantFrom("user", "anonymousUser", "org", "device", "__proto__", "constructor");

/** Own members, also one called `__proto__`, as JSON.parse makes them. */
const contextKeys = fc
  .array(fc.tuple(contextKinds, someText), { minLength: 1, maxLength: 4 })
  .map((pairs) => Object.fromEntries(pairs));

const contextBody = fc.record(
  { key: someText, name: anyText, anonymous: fc.boolean(), attributes: anyJson },
  { requiredKeys: ["key"] },
);
const singleContext = fc.tuple(contextKinds, contextBody).map(([kind, body]) => ({ kind, ...body }));
const multiContext = fc
  .array(fc.tuple(contextKinds, contextBody), { minLength: 1, maxLength: 3 })
  .map((pairs) => Object.fromEntries([["kind", "multi"], ...pairs] as [string, unknown][]));

const who: fc.Arbitrary<object> = fc.oneof(
  fc.record({ contextKeys }),
  fc.record({ context: fc.oneof(singleContext, multiContext) }),
  fc.record({ contextKeys, context: fc.oneof(singleContext, multiContext) }),
  fc.record({ userKey: someText, contextKind: maybe(fc.constantFrom("user", "anonymousUser", "anonymous")) }),
  fc.record({
    user: fc.record(
      { key: fc.oneof(someText, fc.integer()), anonymous: fc.boolean(), custom: anyJson },
      { requiredKeys: ["key"] },
    ),
  }),
  fc.record({ userKey: someText, contextKeys }),
);

const reason = fc.record(
  {
    kind: fc.constantFrom(
      "OFF",
      "FALLTHROUGH",
      "TARGET_MATCH",
      "RULE_MATCH",
      "PREREQUISITE_FAILED",
      "ERROR",
      "NEW",
    ),
    ruleIndex: fc.nat(),
    ruleId: anyText,
    inExperiment: fc.boolean(),
    errorKind: anyText,
    bigSegmentsStatus: anyText,
  },
  { requiredKeys: ["kind"] },
);

const evaluation = {
  key: someText,
  value: anyJson,
  default: fc.oneof(fc.boolean(), anyJson),
  version: number,
  variation: fc.oneof(fc.nat(9), fc.constant(null)),
  variationName: anyText,
  reason,
  prereqOf: anyText,
  samplingRatio: fc.nat(100),
};
const onlyKey = { requiredKeys: ["key"] as "key"[] };

const ownFields: Readonly<Record<string, fc.Arbitrary<object>>> = {
  feature: fc.record(evaluation, onlyKey),
  debug: fc.record(evaluation, onlyKey),
  click: fc.record({ key: someText, url: anyText, selector: anyText }, onlyKey),
  pageview: fc.record({ key: someText, url: anyText }, onlyKey),
  custom: fc.record({ key: someText, data: anyJson, metricValue: number, url: anyText }, onlyKey),
  alias: fc.record({
    key: someText,
    previousKey: someText,
    contextKind: anyText,
    previousContextKind: anyText,
  }),
  identify: fc.record({ key: maybe(someText) }),
  index: fc.constant({}),
  summary: fc.record({ startDate: fc.nat(), endDate: fc.nat(), features: fc.dictionary(someText, anyJson) }),
  migration_op: fc.record({ operation: fc.constantFrom("read", "write"), measurements: fc.array(anyJson) }),
};

const event: fc.Arbitrary<Record<string, unknown>> = fc
  .constantFrom(...Object.keys(ownFields))
  .chain((kind) =>
    fc
      .tuple(
        ownFields[kind]!,
        who,
        creationDate,
        maybe(fc.oneof(someText, fc.constant("63843c40aa51a0006e16ae51"))),
      )
      .map(([own, identity, date, id]) => ({
        kind,
        ...(id !== undefined && { id }),
        creationDate: date,
        ...own,
        ...identity,
      })),
  );

const enveloped = (inner: fc.Arbitrary<unknown>) =>
  fc.record(
    {
      project: fc.constantFrom("5744c12345c9900708000001", "default"),
      environment: fc.constant("5d4b12345d2a2806bd2cc6eb"),
      event: inner,
      version: fc.constantFrom(1, 2),
    },
    { requiredKeys: ["project", "environment", "event"] },
  );

/** As an SDK and LaunchDarkly write it. */
export const exportEvent: fc.Arbitrary<object> = enveloped(event);

/** One field taken away, or replaced by anything. */
const damagedEvent = fc
  .tuple(
    event,
    fc.constantFrom(
      "kind",
      "id",
      "creationDate",
      "key",
      "contextKeys",
      "context",
      "user",
      "userKey",
      "reason",
      "value",
      "version",
      "variation",
      "__proto__",
    ),
    fc.oneof(anyJson, number, anyText, fc.constant(undefined)),
  )
  .map(([whole, field, value]) =>
    Object.fromEntries([
      ...Object.entries(whole).filter(([name]) => name !== field),
      ...(value === undefined ? [] : [[field, value]]),
    ] as [string, unknown][]),
  );

/** Everything that a JSON document on the topic may be. */
export const anyExportEvent: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: exportEvent },
  { weight: 6, arbitrary: enveloped(damagedEvent) },
  { weight: 1, arbitrary: enveloped(anyJson) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom("project", "environment", "event", "version", "x"), anyJson),
  },
  { weight: 1, arbitrary: anyJson },
);

/** Bytes that are probably no event in any encoding, some of them nearly. */
export const garbage: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(exportEvent, fc.nat(400))
    .map(([value, cut]) => Buffer.from(JSON.stringify(value)).subarray(0, cut)),
  fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(0x1f, 0x8b, 8, ...rest)),
  fc.constantFrom("", "{", "null", "[]", '"text"', "{}", "\ufeff{}").map((text) => Buffer.from(text)),
);
