// `properties` of the Segment message, per event kind (LaunchDarkly docs, "Twilio Segment schema reference").
//
// Names, types and their order are those of the documented example events, so that the same event always gives
// the same bytes. A field of another type than documented is left out: one text in a numeric column would spoil
// the column of whoever receives it. So numbers must be JSON numbers ("3" is none), texts must be JSON strings.
// `value` and `default` are the exceptions: any type is documented for them, and both are written as texts.

import { isObject, type Enveloped, type EventDocument } from "../../events/envelope.ts";
import type { SegmentEventConfig } from "./config.ts";
import type { ContextKeys } from "./who.ts";

export type Properties = Record<string, unknown>;
export type PropertiesOf = (envelope: Enveloped, contextKeys: ContextKeys, key: string) => Properties;

/** The kinds that have properties -> how to build them. Chosen once, by configuration. */
export function propertyBuilders(config: SegmentEventConfig): ReadonlyMap<string, PropertiesOf> {
  const extras = extrasOf(config);
  const builder =
    (addOwn: AddOwn): PropertiesOf =>
    (envelope, contextKeys, key) => {
      const properties = common(envelope, contextKeys);
      addOwn(properties, envelope.event, key);
      addNumber(properties, "version", envelope.version);
      if (extras) extras(properties, envelope.event);
      return properties;
    };
  return new Map([
    ["feature", builder(featureFields(config))],
    ["click", builder(clickFields)],
    ["custom", builder(customFields)],
    ["pageview", builder(pageFields)],
  ]);
}

type AddOwn = (properties: Properties, event: EventDocument, key: string) => void;

function common(envelope: Enveloped, contextKeys: ContextKeys): Properties {
  const properties: Properties = {
    contextKeys,
    project: envelope.project,
    environment: envelope.environment,
  };
  const id = envelope.event["id"];
  if (typeof id === "string" && id !== "") properties["eventId"] = id;
  return properties;
}

function featureFields(config: SegmentEventConfig): AddOwn {
  const native = config.value === "native";
  const strict = config.default === "strict-variation";
  return (properties, event, key) => {
    const reason = isObject(event["reason"]) ? event["reason"] : undefined;
    if (event["default"] !== undefined) properties["default"] = servedDefault(event, reason, strict);
    addNumber(properties, "flagVersion", event["version"]);
    if (typeof reason?.["inExperiment"] === "boolean") properties["inExperiment"] = reason["inExperiment"];
    properties["key"] = key;
    addName(properties, "prereqOf", event["prereqOf"]);
    addName(properties, "reasonKind", reason?.["kind"]);
    addValue(properties, event["value"], native);
    addNumber(properties, "variation", event["variation"]);
    addName(properties, "variationName", event["variationName"]);
  };
}

const clickFields: AddOwn = (properties, event, key) => {
  properties["key"] = key;
  addText(properties, "selector", event["selector"]);
  addText(properties, "url", event["url"]);
};

const customFields: AddOwn = (properties, event, key) => {
  properties["key"] = key;
  addNumber(properties, "metricValue", event["metricValue"]);
};

const pageFields: AddOwn = (properties, event, key) => {
  properties["key"] = key;
  addText(properties, "url", event["url"]);
};

/**
 * Whether the fallback was served. The exported form says so with a boolean; the raw SDK form has the fallback
 * *value* there (any JSON), and then an error or the absence of a variation tells.
 */
function servedDefault(event: EventDocument, reason: EventDocument | undefined, strict: boolean): string {
  const given = event["default"];
  const noVariation = event["variation"] === undefined || event["variation"] === null;
  const fellBack = noVariation || reason?.["kind"] === "ERROR";
  if (typeof given === "boolean" && (!strict || fellBack)) return given ? "true" : "false";
  return fellBack ? "true" : "false";
}

/** Null is left out: Segment's warehouses cannot tell it from absent. */
function addValue(properties: Properties, value: unknown, native: boolean): void {
  if (value === undefined || value === null) return;
  properties["value"] = native ? value : textOf(value);
}

/** A text as it is, anything else as compact JSON. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

function addNumber(properties: Properties, name: string, value: unknown): void {
  if (typeof value === "number" && Number.isFinite(value)) properties[name] = value;
}

function addText(properties: Properties, name: string, value: unknown): void {
  if (typeof value === "string") properties[name] = value;
}

/** Names and keys: an empty one says nothing. */
function addName(properties: Properties, name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") properties[name] = value;
}

function extrasOf(
  config: SegmentEventConfig,
): ((properties: Properties, event: EventDocument) => void) | undefined {
  if (config.extras.length === 0) return undefined;
  const data = config.extras.includes("data");
  const reason = config.extras.includes("reason");
  const samplingRatio = config.extras.includes("samplingRatio");
  return (properties, event) => {
    if (data && event["kind"] === "custom" && event["data"] !== undefined && event["data"] !== null)
      properties["data"] = event["data"];
    if (reason && event["kind"] === "feature" && isObject(event["reason"]))
      properties["reason"] = event["reason"];
    if (samplingRatio) addNumber(properties, "samplingRatio", event["samplingRatio"]);
  };
}
