// Who an event is about, out of every shape that SDKs have written since 2014:
//
//   contextKeys {"user":"sandy","org":"acme"}                       the export's own summary of a context
//   context     {"kind":"user","key":"sandy","anonymous":true, …}   one context
//               {"kind":"multi","user":{"key":"sandy"}, …}          several
//   userKey     "sandy" (+ contextKind "anonymousUser")             users only, before contexts
//   user        {"key":"sandy","anonymous":true, …}                 users only, before userKey
//
// `contextKeys` is rebuilt from the others when it is missing, so that every Segment event has it. A users-only
// identity beside `contextKeys` names the user itself and decides the ids (that is how the documented examples
// can show a `userId` that is none of their `contextKeys`).

import { isObject, type EventDocument } from "../../events/envelope.ts";

export type ContextKeys = Readonly<Record<string, string>>;

/** The kind that LaunchDarkly gives to an anonymous user of a users-only SDK. */
export const ANONYMOUS_USER = "anonymousUser";
const USER = "user";

export interface Who {
  readonly contextKeys: ContextKeys;
  /** Set when a users-only SDK named the user: `{kind, key}`. */
  readonly legacy: { readonly kind: string; readonly key: string } | undefined;
}

export function whoOf(event: EventDocument): Who {
  const legacy = legacyUser(event);
  const contextKeys = soundKeys(event["contextKeys"]) ?? keysOfContext(event["context"]);
  if (contextKeys) return { contextKeys, legacy };
  return { contextKeys: legacy ? keysOf(legacy.kind, legacy.key) : {}, legacy };
}

/** Own members only: a kind may be called `constructor`. */
export function keyOfKind(keys: ContextKeys, kind: string): string | undefined {
  return Object.hasOwn(keys, kind) ? keys[kind] : undefined;
}

/**
 * Whether the context of this kind says that its key is a throw-away one: `anonymous: true` inline, or a
 * browser SDK's `contextKind: "anonymousUser"` on the whole event.
 */
export function isAnonymous(event: EventDocument, kind: string): boolean {
  if (kind === USER && isAnonymousKind(event["contextKind"])) return true;
  const context = event["context"];
  if (!isObject(context)) return false;
  if (context["kind"] !== "multi") return kindOfContext(context) === kind && context["anonymous"] === true;
  const inner = Object.hasOwn(context, kind) ? context[kind] : undefined;
  return isObject(inner) && inner["anonymous"] === true;
}

function legacyUser(event: EventDocument): Who["legacy"] {
  const userKey = keyText(event["userKey"]);
  if (userKey !== undefined) return { kind: legacyKind(event["contextKind"], event["user"]), key: userKey };
  const user = event["user"];
  if (!isObject(user)) return undefined;
  const key = keyText(user["key"]);
  return key === undefined ? undefined : { kind: legacyKind(event["contextKind"], user), key };
}

function legacyKind(contextKind: unknown, user: unknown): string {
  if (isAnonymousKind(contextKind)) return ANONYMOUS_USER;
  if (typeof contextKind === "string" && contextKind !== "") return contextKind;
  return isObject(user) && user["anonymous"] === true ? ANONYMOUS_USER : USER;
}

/** LaunchDarkly's relay writes `anonymous` where the documentation says `anonymousUser`. */
function isAnonymousKind(kind: unknown): boolean {
  return kind === ANONYMOUS_USER || kind === "anonymous";
}

/** The given object itself in the normal case, that all its keys are sound; undefined when none is. */
function soundKeys(given: unknown): ContextKeys | undefined {
  if (!isObject(given)) return undefined;
  let any = false;
  for (const kind of Object.keys(given)) {
    const key = given[kind];
    if (typeof key !== "string" || key === "") return onlySound(given);
    any = true;
  }
  return any ? (given as ContextKeys) : undefined;
}

function onlySound(given: EventDocument): ContextKeys | undefined {
  const sound: Record<string, string> = {};
  for (const [kind, value] of Object.entries(given)) setKey(sound, kind, keyText(value));
  return Object.keys(sound).length > 0 ? sound : undefined;
}

function keysOfContext(context: unknown): ContextKeys | undefined {
  if (!isObject(context)) return undefined;
  const keys: Record<string, string> = {};
  if (context["kind"] !== "multi") setKey(keys, kindOfContext(context), keyText(context["key"]));
  else
    for (const [kind, inner] of Object.entries(context))
      if (isObject(inner)) setKey(keys, kind, keyText(inner["key"]));
  return Object.keys(keys).length > 0 ? keys : undefined;
}

/** A context without a kind is an old user. */
function kindOfContext(context: EventDocument): string {
  const kind = context["kind"];
  return typeof kind === "string" && kind !== "" ? kind : USER;
}

function keysOf(kind: string, key: string): ContextKeys {
  const keys: Record<string, string> = {};
  setKey(keys, kind, key);
  return keys;
}

/** Plain assignment would set the prototype for a kind called `__proto__`, and lose the key. */
function setKey(keys: Record<string, string>, kind: string, key: string | undefined): void {
  if (key === undefined) return;
  if (kind !== "__proto__") keys[kind] = key;
  else
    Object.defineProperty(keys, kind, { value: key, enumerable: true, configurable: true, writable: true });
}

/** Old SDKs let numbers through as keys. Nothing else that is no text names anybody. */
function keyText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}
