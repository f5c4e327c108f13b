// One Segment message as bytes, its keys in the order in which transforms/segment-event/message.ts sets them.

import type { SegmentEventConfig } from "../transforms/segment-event/config.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { TimeBytes } from "./event-stamp.ts";
import { notPlain, type Places, TEXTS } from "./places.ts";
import { PropertyBytes } from "./property-bytes.ts";
import type { ReceiverBytes, Scope } from "./scopes.ts";
import { WhoBytes } from "./who-bytes.ts";

const { "event.id": ID, "event.key": KEY, "event.previousKey": PREVIOUS_KEY } = TEXTS;
const QUOTE = 0x22;
const text = (value: string): Buffer => Buffer.from(value);
const OPEN = 0x7b;
const ANONYMOUS_ID = text('"anonymousId":"');
const INTEGRATIONS = text('"integrations":{},"messageId":"ld-');
const EVENT_HEAD = Object.fromEntries(
  ["feature", "click", "custom"].map((kind) => [kind, text(`"event":"${kind}",`)]),
);
const PROPERTIES = text('","properties":{"contextKeys":');
const EVENT_ID = text(',"eventId":"');
const TIMESTAMP = text('},"timestamp":"');
const TRACK = text('","type":"track"');
const PAGE = text('","type":"page"');
const USER_ID = text(',"userId":"');
const NEXT = text('",');
const END = text('"}');
const ALIAS_PREVIOUS = text('","previousId":"');
const ALIAS_TIMESTAMP = text(',"timestamp":"');
const ALIAS_USER = text('","type":"alias","userId":"');

/** `ld-` */
const PREFIX_BYTES = 3;
/** With 32 bytes in base64url. */
export const MESSAGE_ID_BYTES = PREFIX_BYTES + 43;

export class MessageBytes {
  private readonly who: WhoBytes;
  private readonly properties: PropertyBytes;
  private readonly times = new TimeBytes();
  /** Where the messageId of the last event begins. */
  idAt = 0;
  private kind = "";
  private timeMs = 0;

  constructor(
    private readonly places: Places,
    config: SegmentEventConfig,
  ) {
    this.who = new WhoBytes(places, config);
    this.properties = new PropertyBytes(places, config);
  }

  /** For the event in `places`, once. Throws `notPlain`. */
  begin(kind: string, timeMs: number): void {
    this.kind = kind;
    this.timeMs = timeMs;
    const { places } = this;
    if (places.length(KEY) === 0 || places.length(ID) === 0) throw notPlain;
    if (kind !== "alias") this.who.resolve();
    else if (places.length(PREVIOUS_KEY) === 0) throw notPlain;
  }

  /** For each destination. Yields the messageId without `ld-`. Throws `notPlain`. */
  write(out: ByteWriter, scope: Scope, receiver: ReceiverBytes): string {
    const { buf, from, to } = this.places;
    const id = receiver.id.messageId(buf, from[ID]!, to[ID]!);
    if (this.kind === "alias") this.alias(out, scope, id);
    else this.message(out, scope, receiver, id);
    return id;
  }

  private message(out: ByteWriter, scope: Scope, receiver: ReceiverBytes, id: string): void {
    const { who, kind } = this;
    who.identify(receiver);
    out.byte(OPEN);
    if (who.hasAnonymousId) {
      out.constant(ANONYMOUS_ID);
      who.writeAnonymousId(out);
      out.constant(NEXT);
    }
    const head = EVENT_HEAD[kind];
    if (head) out.constant(head);
    out.constant(INTEGRATIONS);
    this.id(out, id);
    out.constant(PROPERTIES);
    this.writeProperties(out, scope);
    out.constant(TIMESTAMP);
    this.times.write(out, this.timeMs);
    out.constant(head ? TRACK : PAGE);
    if (who.hasUserId) {
      out.constant(USER_ID);
      who.writeUserId(out);
      out.byte(QUOTE);
    }
    out.byte(0x7d);
  }

  private writeProperties(out: ByteWriter, scope: Scope): void {
    const { properties } = this;
    this.who.writeContextKeys(out);
    out.constant(scope.inProperties);
    out.constant(EVENT_ID);
    this.text(out, ID);
    out.byte(QUOTE);
    switch (this.kind) {
      case "feature":
        properties.feature(out);
        break;
      case "click":
        properties.click(out);
        break;
      case "custom":
        properties.custom(out);
        break;
      default:
        properties.pageview(out);
    }
    properties.version(out);
  }

  private alias(out: ByteWriter, scope: Scope, id: string): void {
    out.constant(scope.aliasHead);
    this.id(out, id);
    out.constant(ALIAS_PREVIOUS);
    this.text(out, PREVIOUS_KEY);
    out.constant(NEXT);
    out.constant(scope.aliasProject);
    out.constant(ALIAS_TIMESTAMP);
    this.times.write(out, this.timeMs);
    out.constant(ALIAS_USER);
    this.text(out, KEY);
    out.constant(END);
  }

  /** Behind `ld-`, which belongs to it. */
  private id(out: ByteWriter, id: string): void {
    this.idAt = out.at - PREFIX_BYTES;
    out.ascii(id);
  }

  private text(out: ByteWriter, slot: number): void {
    const { buf, from, to } = this.places;
    out.text(buf, from[slot]!, to[slot]!);
  }
}
