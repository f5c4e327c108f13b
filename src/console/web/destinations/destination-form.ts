// A destination as a person types it, and as the API takes it.

import type { Problem } from "../api-types.ts";
import type { DestinationView } from "../api-types.ts";

export type Place = "us" | "eu" | "own";

export interface FormValues {
  readonly name: string;
  readonly project: string;
  readonly environment: string;
  readonly writeKey: string;
  readonly userIdContextKind: string;
  readonly anonymousIdContextKind: string;
  readonly place: Place;
  readonly endpoint: string;
  readonly eventsPerSecond: string;
  readonly requestsPerSecond: string;
  readonly bytesPerSecond: string;
  readonly on: boolean;
}

export type FormField = keyof FormValues;
/** What is wrong, by field. */
export type FormErrors = Readonly<Partial<Record<FormField, string>>>;

export const EMPTY: FormValues = {
  name: "",
  project: "*",
  environment: "",
  writeKey: "",
  userIdContextKind: "user",
  anonymousIdContextKind: "anonymousUser",
  place: "us",
  endpoint: "",
  eventsPerSecond: "900",
  requestsPerSecond: "100",
  bytesPerSecond: "",
  on: true,
};

export function valuesOf({ name, on, config, _project, _environment }: DestinationView): FormValues {
  const text = (key: string, other: string) => {
    const value = config[key];
    return typeof value === "string" || typeof value === "number" ? String(value) : other;
  };
  const endpoint = text("endpoint", "");
  return {
    name,
    on,
    project: _project,
    environment: _environment,
    writeKey: "",
    userIdContextKind: text("userIdContextKind", EMPTY.userIdContextKind),
    anonymousIdContextKind: text("anonymousIdContextKind", EMPTY.anonymousIdContextKind),
    place: endpoint !== "" ? "own" : text("region", "us") === "eu" ? "eu" : "us",
    endpoint,
    eventsPerSecond: text("eventsPerSecond", EMPTY.eventsPerSecond),
    requestsPerSecond: text("requestsPerSecond", EMPTY.requestsPerSecond),
    bytesPerSecond: text("bytesPerSecond", ""),
  };
}

const KEY = /^[A-Za-z0-9._-]{1,256}$/;

/** What can be said before the server is asked; it checks everything again. */
export function missing(values: FormValues, isNew: boolean): FormErrors {
  const errors: Partial<Record<FormField, string>> = {};
  if (values.name.trim() === "") errors.name = "Give it a name.";
  if (values.environment === "") errors.environment = "Say which environment: its client-side id.";
  else if (!KEY.test(values.environment)) errors.environment = "An id has letters, digits, . _ and - only.";
  if (values.project !== "*" && !KEY.test(values.project))
    errors.project = "A project id, or * for any project.";
  if (isNew && values.writeKey === "") errors.writeKey = "Give the write key of the Segment source.";
  if (values.userIdContextKind === "") errors.userIdContextKind = "Name a context kind, such as user.";
  if (values.anonymousIdContextKind === "")
    errors.anonymousIdContextKind = "Name a context kind, such as anonymousUser.";
  if (values.place === "own" && values.endpoint === "") errors.endpoint = "Give the address.";
  for (const field of ["eventsPerSecond", "requestsPerSecond", "bytesPerSecond"] as const) {
    const text = values[field].trim();
    if (text === "" && field === "bytesPerSecond") continue;
    if (text === "" || !(Number(text) >= 1 && Number(text) <= 1e9))
      errors[field] = "A number from 1 to 1,000,000,000.";
  }
  return errors;
}

/** A merge patch: null takes a setting away. */
export function bodyOf(values: FormValues, isNew: boolean): object {
  const { name, on, place, writeKey, endpoint, bytesPerSecond } = values;
  const absent = isNew ? undefined : null;
  return {
    name: name.trim(),
    on,
    ...(isNew ? { kind: "segment" } : {}),
    config: {
      ...(writeKey === "" ? {} : { writeKey: writeKey.trim() }),
      userIdContextKind: values.userIdContextKind,
      anonymousIdContextKind: values.anonymousIdContextKind,
      region: place === "own" ? absent : place,
      endpoint: place === "own" ? endpoint.trim() : absent,
      eventsPerSecond: Number(values.eventsPerSecond),
      requestsPerSecond: Number(values.requestsPerSecond),
      bytesPerSecond: bytesPerSecond.trim() === "" ? absent : Number(bytesPerSecond),
    },
  };
}

/** The server's problems, each at its field; `rest` is what belongs to none. */
export function errorsOf(problems: readonly Problem[]): {
  readonly errors: FormErrors;
  readonly rest: string[];
} {
  const errors: Partial<Record<FormField, string>> = {};
  const rest: string[] = [];
  for (const { path, message } of problems) {
    const field = path.split("/").at(-1) ?? "";
    if (isField(field)) errors[field] = sentence(message);
    else rest.push(sentence(message));
  }
  return { errors, rest };
}

function isField(name: string): name is FormField {
  return Object.hasOwn(EMPTY, name);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
