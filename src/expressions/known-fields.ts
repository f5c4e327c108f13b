// What an expression may name, by shape, so that a typing mistake is found at load. A test keeps it equal to
// schemas/launchdarkly and schemas/segment. Fields of any form are `any`: below them everything is allowed.

/** The type a field has when the event is well-formed; a map of fields is a closed object. */
export type Field = "text" | "number" | "boolean" | "any" | FieldMap;

export interface FieldMap {
  readonly [name: string]: Field;
}

export type EventShape = "export-event" | "segment-event";

const reason: FieldMap = {
  kind: "text",
  ruleIndex: "number",
  ruleId: "text",
  inExperiment: "boolean",
  prerequisiteKey: "text",
  errorKind: "text",
  bigSegmentsStatus: "text",
};

/** All kinds together: an expression sees every kind of event. */
const exportEvent: FieldMap = {
  kind: "text",
  id: "text",
  creationDate: "number",
  key: "text",
  value: "any",
  default: "any",
  version: "number",
  variation: "number",
  reason,
  variationName: "text",
  prereqOf: "text",
  trackEvents: "boolean",
  debugEventsUntilDate: "number",
  excludeFromSummaries: "boolean",
  contextKeys: "any",
  context: "any",
  contextKind: "text",
  userKey: "text",
  user: "any",
  samplingRatio: "number",
  url: "text",
  selector: "text",
  data: "any",
  metricValue: "number",
  startDate: "number",
  endDate: "number",
  features: "any",
  previousKey: "text",
  previousContextKind: "text",
  operation: "text",
  evaluation: {
    key: "text",
    value: "any",
    default: "any",
    version: "number",
    variation: "number",
    reason,
  },
  measurements: "any",
};

const segmentEvent: FieldMap = {
  type: "text",
  event: "text",
  messageId: "text",
  userId: "text",
  anonymousId: "text",
  previousId: "text",
  timestamp: "text",
  project: "text",
  environment: "text",
  integrations: "any",
  context: "any",
  properties: {
    contextKeys: "any",
    project: "text",
    environment: "text",
    eventId: "text",
    key: "text",
    version: "number",
    samplingRatio: "number",
    default: "text",
    flagVersion: "number",
    inExperiment: "boolean",
    prereqOf: "text",
    reasonKind: "text",
    reason: "any",
    value: "any",
    variation: "number",
    variationName: "text",
    url: "text",
    selector: "text",
    metricValue: "number",
    data: "any",
  },
};

export const knownFields: Readonly<Record<EventShape, FieldMap>> = {
  "export-event": exportEvent,
  "segment-event": segmentEvent,
};
