// A schema of the shape of the project's export event, small enough to read in a test.

const json = { type: "string", logicalType: "json" };
const optional = (type: unknown) => ["null", type];
const field = (name: string, type: unknown) => ({ name, type: optional(type), default: null });
const contextKeys = { type: "map", values: "string" };

export const featureRecord = {
  type: "record",
  name: "Feature",
  fields: [
    { name: "kind", type: "string" },
    field("id", "string"),
    field("creationDate", { type: "long", logicalType: "timestamp-millis" }),
    field("key", "string"),
    field("value", json),
    field("default", json),
    field("version", "long"),
    field("variation", "int"),
    field("variationName", "string"),
    field("reason", {
      type: "record",
      name: "Reason",
      fields: [
        { name: "kind", type: "string" },
        field("ruleIndex", "int"),
        field("ruleId", "string"),
        field("inExperiment", "boolean"),
      ],
    }),
    field("contextKeys", contextKeys),
    field("context", json),
    field("userKey", "string"),
    field("samplingRatio", "long"),
  ],
};

export const otherRecord = {
  type: "record",
  name: "Other",
  fields: [{ name: "kind", type: "string" }, field("json", json)],
};

export const envelope = {
  type: "record",
  name: "ExportEvent",
  namespace: "com.example",
  fields: [
    { name: "project", type: "string" },
    { name: "environment", type: "string" },
    { name: "event", type: [featureRecord, otherRecord] },
    { name: "version", type: "int" },
  ],
};

/** In the plain form, with fields in the schema's order. */
export const featureEvent = {
  project: "5744c96707c9900708000004",
  environment: "578d1e02d2943862c52b9686",
  event: {
    kind: "feature",
    id: "63843c40aaaaaaaaaaaaaaaa",
    creationDate: 1669610559830,
    key: "new-checkout-flow",
    value: true,
    default: false,
    version: 3,
    variation: 1,
    variationName: "Available",
    reason: { kind: "RULE_MATCH", ruleIndex: 0, ruleId: "d5b69278-8b6e-4b7b-9d5b-000000000000" },
    contextKeys: { user: "sandy@example.com", organization: "acme" },
  },
  version: 2,
};

/** The same in the form that avsc encodes when unions are wrapped. */
export const featureDatum = {
  ...featureEvent,
  event: {
    "com.example.Feature": {
      kind: "feature",
      id: { string: featureEvent.event.id },
      creationDate: { long: featureEvent.event.creationDate },
      key: { string: featureEvent.event.key },
      value: { string: "true" },
      default: { string: "false" },
      version: { long: 3 },
      variation: { int: 1 },
      variationName: { string: "Available" },
      reason: {
        "com.example.Reason": {
          kind: "RULE_MATCH",
          ruleIndex: { int: 0 },
          ruleId: { string: featureEvent.event.reason.ruleId },
          inExperiment: null,
        },
      },
      contextKeys: { map: featureEvent.event.contextKeys },
      context: null,
      userKey: null,
      samplingRatio: null,
    },
  },
};
