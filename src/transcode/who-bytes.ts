// Who an event is about, from its places in the datum: the same answers as transforms/segment-event/who.ts and
// identity.ts, without objects for the shapes that are common, and by those files themselves for the others.
//
// State: filled by `resolve` (who) and `identify` (the ids for one destination), good until the next.

import { KEY_MEMBER, KIND_MEMBER, ANONYMOUS_MEMBER } from "../events/json-bytes.ts";
import { parseJsonText } from "../events/json-text.ts";
import type { SegmentEventConfig } from "../transforms/segment-event/config.ts";
import { identityOf, type KindsOfIds } from "../transforms/segment-event/identity.ts";
import { type Who, whoOf } from "../transforms/segment-event/who.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { notPlain, type Places, sameBytes, TEXTS } from "./places.ts";

const { "event.context": CONTEXT, "event.contextKind": CONTEXT_KIND } = TEXTS;
const { "event.user": USER_DOCUMENT, "event.userKey": USER_KEY } = TEXTS;
const USER = Buffer.from("user");
const ANONYMOUS_USER = Buffer.from("anonymousUser");
const ANONYMOUS = Buffer.from("anonymous");
const MULTI = Buffer.from("multi");
const TRUE = Buffer.from("true");
const NULL = Buffer.from("null");
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const MAX_JSON_DEPTH = 60;
const NONE = -1;
/** The id is the key of the users-only identity. */
const LEGACY = -2;

/** The kinds that a destination maps, as bytes. */
export interface KindBytes {
  readonly user: Buffer;
  readonly anonymous: Buffer;
  readonly kinds: KindsOfIds;
}

export class WhoBytes {
  private entries = 0;
  /** Where the kinds of the entries are; the keys are in the datum. */
  private kindBuf: Buffer = USER;
  private hasLegacy = false;
  private legacyBuf: Buffer = USER;
  private legacyFrom = 0;
  private legacyTo = 0;
  private isContext = false;
  private userId = NONE;
  private anonymousId = NONE;
  /** Set for the shapes that are rare: then they are worked out with objects. */
  private rare: { readonly event: Readonly<Record<string, unknown>>; readonly who: Who } | undefined;
  private rareUserId: string | undefined;
  private rareAnonymousId: string | undefined;

  constructor(
    private readonly places: Places,
    private readonly config: SegmentEventConfig,
  ) {}

  /** Throws `notPlain` for an event that is about nobody. */
  resolve(): void {
    const { places } = this;
    const { buf, from } = places;
    this.rare = undefined;
    this.isContext = places.has(CONTEXT) && buf[from[CONTEXT]!] === OPEN_OBJECT;
    if (this.isRare()) this.resolveRare();
    else {
      this.hasLegacy = places.length(USER_KEY) > 0;
      if (this.hasLegacy) this.findLegacy();
      if (places.kinds > 0) {
        this.entries = places.kinds;
        this.kindBuf = buf;
      } else if (!this.isContext) this.onlyLegacy();
      else if (!this.onlyContext()) this.resolveRare();
    }
  }

  /** The ids of the event for one destination. Throws `notPlain` when there is none. */
  identify(receiver: KindBytes): void {
    if (this.rare) {
      const identity = identityOf(this.rare.event as never, this.rare.who, receiver.kinds, this.config);
      if (!identity) throw notPlain;
      this.rareUserId = identity.userId;
      this.rareAnonymousId = identity.anonymousId;
      return;
    }
    this.userId = NONE;
    this.anonymousId = NONE;
    if (this.hasLegacy && this.identifyLegacy(receiver)) return;
    const user = this.entryOf(receiver.user);
    const anonymous = this.entryOf(receiver.anonymous);
    if (user === NONE && anonymous === NONE) throw notPlain;
    if (user !== NONE && this.config.anonymousContexts && this.isAnonymous(receiver.user))
      this.anonymousId = anonymous === NONE ? user : anonymous;
    else {
      this.userId = user;
      this.anonymousId = anonymous;
    }
  }

  get hasUserId(): boolean {
    return this.rare ? this.rareUserId !== undefined : this.userId !== NONE;
  }

  get hasAnonymousId(): boolean {
    return this.rare ? this.rareAnonymousId !== undefined : this.anonymousId !== NONE;
  }

  writeUserId(out: ByteWriter): void {
    if (this.rare) out.string(insideOf(this.rareUserId!));
    else this.writeId(out, this.userId);
  }

  writeAnonymousId(out: ByteWriter): void {
    if (this.rare) out.string(insideOf(this.rareAnonymousId!));
    else this.writeId(out, this.anonymousId);
  }

  /** The object `{"kind":"key",…}`. */
  writeContextKeys(out: ByteWriter): void {
    if (this.rare) {
      out.string(JSON.stringify(this.rare.who.contextKeys));
      return;
    }
    const { buf, kindFrom, kindTo, keyFrom, keyTo } = this.places;
    out.byte(OPEN_OBJECT);
    for (let entry = 0; entry < this.entries; entry++) {
      if (entry > 0) out.byte(0x2c);
      out.byte(QUOTE);
      out.text(this.kindBuf, kindFrom[entry]!, kindTo[entry]!);
      out.byte(QUOTE);
      out.byte(0x3a);
      out.byte(QUOTE);
      out.text(buf, keyFrom[entry]!, keyTo[entry]!);
      out.byte(QUOTE);
    }
    out.byte(0x7d);
  }

  private writeId(out: ByteWriter, entry: number): void {
    const { buf, from, to, keyFrom, keyTo } = this.places;
    if (entry === LEGACY) out.text(buf, from[USER_KEY]!, to[USER_KEY]!);
    else out.text(buf, keyFrom[entry]!, keyTo[entry]!);
  }

  private isRare(): boolean {
    const { places } = this;
    if (places.has(USER_DOCUMENT) && !this.textIs(USER_DOCUMENT, NULL)) return true;
    if (places.has(CONTEXT) && !this.isContext && !this.textIs(CONTEXT, NULL)) return true;
    return this.isContext && places.context.hasEscapedName;
  }

  private findLegacy(): void {
    const { places } = this;
    this.legacyBuf = places.buf;
    this.legacyFrom = places.from[CONTEXT_KIND]!;
    this.legacyTo = places.to[CONTEXT_KIND]!;
    if (!places.has(CONTEXT_KIND) || this.legacyFrom === this.legacyTo) this.legacyIs(USER);
    else if (this.isAnonymousKind()) this.legacyIs(ANONYMOUS_USER);
  }

  private legacyIs(kind: Buffer): void {
    this.legacyBuf = kind;
    this.legacyFrom = 0;
    this.legacyTo = kind.length;
  }

  private onlyLegacy(): void {
    if (!this.hasLegacy) throw notPlain;
    const { places } = this;
    this.only(this.legacyBuf, this.legacyFrom, this.legacyTo);
    places.keyFrom[0] = places.from[USER_KEY]!;
    places.keyTo[0] = places.to[USER_KEY]!;
  }

  /** One context of one kind; false for any other. */
  private onlyContext(): boolean {
    const { places } = this;
    const { context, buf } = places;
    if (!this.isPlainString(KEY_MEMBER)) return false;
    if (context.to[KIND_MEMBER]! < 0) this.only(USER, 0, USER.length);
    else {
      if (!this.isPlainString(KIND_MEMBER) || this.isMulti()) return false;
      this.only(buf, context.from[KIND_MEMBER]! + 1, context.to[KIND_MEMBER]! - 1);
    }
    places.keyFrom[0] = context.from[KEY_MEMBER]! + 1;
    places.keyTo[0] = context.to[KEY_MEMBER]! - 1;
    return true;
  }

  private only(kindBuf: Buffer, from: number, to: number): void {
    this.entries = 1;
    this.kindBuf = kindBuf;
    this.places.kindFrom[0] = from;
    this.places.kindTo[0] = to;
  }

  /** A string with something in it and no escapes. */
  private isPlainString(member: number): boolean {
    const { context, buf } = this.places;
    const from = context.from[member]!;
    const to = context.to[member]!;
    if (to < from + 3 || buf[from] !== QUOTE) return false;
    for (let at = from + 1; at < to; at++) if (buf[at] === BACKSLASH) return false;
    return true;
  }

  private isMulti(): boolean {
    const { context, buf } = this.places;
    return spanIs(buf, context.from[KIND_MEMBER]! + 1, context.to[KIND_MEMBER]! - 1, MULTI);
  }

  private identifyLegacy({ user, anonymous }: KindBytes): boolean {
    const { legacyBuf, legacyFrom, legacyTo } = this;
    if (spanIs(legacyBuf, legacyFrom, legacyTo, user)) this.userId = LEGACY;
    else if (
      spanIs(legacyBuf, legacyFrom, legacyTo, anonymous) ||
      spanIs(legacyBuf, legacyFrom, legacyTo, ANONYMOUS_USER)
    )
      this.anonymousId = LEGACY;
    else return false;
    return true;
  }

  private entryOf(kind: Buffer): number {
    const { kindFrom, kindTo } = this.places;
    for (let entry = 0; entry < this.entries; entry++)
      if (spanIs(this.kindBuf, kindFrom[entry]!, kindTo[entry]!, kind)) return entry;
    return NONE;
  }

  private isAnonymousKind(): boolean {
    return this.textIs(CONTEXT_KIND, ANONYMOUS_USER) || this.textIs(CONTEXT_KIND, ANONYMOUS);
  }

  private isAnonymous(kind: Buffer): boolean {
    const { places } = this;
    if (spanIs(kind, 0, kind.length, USER) && this.isAnonymousKind()) return true;
    if (!this.isContext || !places.context.mayBeAnonymous) return false;
    const { context, buf } = places;
    // An empty kind, a kind with escapes, several contexts: seldom enough.
    const named = context.to[KIND_MEMBER]! >= 0;
    if (named && (!this.isPlainString(KIND_MEMBER) || this.isMulti())) throw notPlain;
    const isKind = named
      ? spanIs(buf, context.from[KIND_MEMBER]! + 1, context.to[KIND_MEMBER]! - 1, kind)
      : spanIs(kind, 0, kind.length, USER);
    const isTrue =
      context.to[ANONYMOUS_MEMBER]! >= 0 &&
      spanIs(buf, context.from[ANONYMOUS_MEMBER]!, context.to[ANONYMOUS_MEMBER]!, TRUE);
    return isKind && isTrue;
  }

  private textIs(slot: number, text: Buffer): boolean {
    const { places } = this;
    return places.has(slot) && spanIs(places.buf, places.from[slot]!, places.to[slot]!, text);
  }

  private resolveRare(): void {
    const { places } = this;
    const { buf, kindFrom, kindTo, keyFrom, keyTo, from, to } = places;
    const text = (slot: number) => buf.toString("utf8", from[slot]!, to[slot]!);
    const event: Record<string, unknown> = {};
    if (places.kinds >= 0) {
      const contextKeys: Record<string, string> = {};
      for (let entry = 0; entry < places.kinds; entry++) {
        const kind = buf.toString("utf8", kindFrom[entry]!, kindTo[entry]!);
        contextKeys[kind] = buf.toString("utf8", keyFrom[entry]!, keyTo[entry]!);
      }
      event["contextKeys"] = contextKeys;
    }
    if (places.has(CONTEXT)) event["context"] = parseJsonText(text(CONTEXT), MAX_JSON_DEPTH);
    if (places.has(CONTEXT_KIND)) event["contextKind"] = text(CONTEXT_KIND);
    if (places.has(USER_KEY)) event["userKey"] = text(USER_KEY);
    if (places.has(USER_DOCUMENT)) event["user"] = parseJsonText(text(USER_DOCUMENT), MAX_JSON_DEPTH);
    this.rare = { event, who: whoOf(event) };
  }
}

function spanIs(buf: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  return to - from === text.length && sameBytes(buf, from, text, 0, text.length);
}

/** The inside of a JSON string. */
function insideOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
