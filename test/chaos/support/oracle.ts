// Knows what must become of every event, without asking the program: the event with serial n of a seed is a pure
// function of both, and so are its fate and the very bytes that Segment must get. The mapping is written out here
// a second time on purpose; the documents it is taken from are those of `src/transforms/segment-event`.

import { createHash, hash } from "node:crypto";

import { encodeAvro } from "../../../src/emulators/avro-events.ts";
import { bombs } from "./bombs.ts";

export const ENVIRONMENT = "5d4b12345d2a2806bd2cc6eb";
const PROJECT = "5744c12345c9900708000001";
const FLAG_ON = "checkout-redesign";

export type Fate = "delivered" | "dropped" | "dead-lettered";

export interface IssuedEvent {
  readonly serial: number;
  readonly fate: Fate;
  readonly body: Buffer;
  /** What each destination must get; empty for the other fates. */
  readonly messages: readonly ExpectedMessage[];
}

export interface ExpectedMessage {
  readonly messageId: string;
  /** SHA-1 of the event's bytes in a request, base64url. */
  readonly digest: string;
}

/** Shares of 1,000; the rest is delivered. */
export interface Mix {
  readonly dropped: number;
  readonly undecodable: number;
  readonly unknownKind: number;
  readonly bombs: number;
}

/** Segment's limit for one event, in bytes of JSON. */
const MAX_EVENT_BYTES = 32_768;

export const usualMix: Mix = { dropped: 80, undecodable: 4, unknownKind: 4, bombs: 0 };
export const allGood: Mix = { dropped: 0, undecodable: 0, unknownKind: 0, bombs: 0 };

export interface OracleOptions {
  readonly seed: number;
  readonly mix: Mix;
  readonly destinations: readonly string[];
  /** Characters of the flag's value, for larger events. */
  readonly padding?: number;
}

export class Oracle {
  constructor(readonly options: OracleOptions) {}

  event(serial: number, form = usualForm(serial)): IssuedEvent {
    const { seed, mix } = this.options;
    const dice = createHash("sha1").update(`${seed}:${serial}`).digest();
    let ticket = dice.readUInt32LE(0) % 1_000;
    const falls = (share: number) => {
      ticket -= share;
      return ticket < 0;
    };
    if (falls(mix.bombs)) return { serial, fate: "dead-lettered", body: bomb(serial), messages: [] };
    if (falls(mix.undecodable))
      return { serial, fate: "dead-lettered", body: garbage(seed, serial), messages: [] };
    const event = { ...this.fields(serial, dice) };
    if (falls(mix.unknownKind))
      return {
        serial,
        fate: "dead-lettered",
        body: encoded(form, { ...event, kind: "?" }),
        messages: [],
      };
    if (falls(mix.dropped)) {
      const off = dice[4]! % 2 === 0 ? { ...event, key: "switched-off" } : { ...event, kind: "identify" };
      return { serial, fate: "dropped", body: encoded(form, off), messages: [] };
    }
    return this.good(serial, event, form);
  }

  /** One that is delivered whatever the mix, to see whether anything is delivered. */
  good(
    serial: number,
    event = this.fields(serial, Buffer.alloc(20, serial & 0xff)),
    form = usualForm(serial),
  ): IssuedEvent {
    const messages = this.options.destinations.map((destination) => expected(destination, event));
    return { serial, fate: "delivered", body: encoded(form, event), messages };
  }

  /** Never decodable, whatever the mix. */
  bad(serial: number): IssuedEvent {
    return { serial, fate: "dead-lettered", body: garbage(this.options.seed, serial), messages: [] };
  }

  /** One that says `word`, for a program that cannot bear to parse it. Plain JSON is not parsed: the escape makes it odd. */
  deadly(serial: number, word: string): IssuedEvent {
    const event = { ...this.fields(serial, Buffer.alloc(20)), value: word };
    const body = Buffer.from(encoded("json", event).toString().replace('"project"', '"\\u0070roject"'));
    return { serial, fate: "dead-lettered", body, messages: [] };
  }

  /** One whose Segment event has exactly so many bytes. Segment takes 32 KB. */
  sized(serial: number, bytes: number): IssuedEvent {
    const dice = Buffer.alloc(20, serial & 0xff);
    const event = { ...this.fields(serial, dice), value: "" };
    const [destination = ""] = this.options.destinations;
    event.value = "x".repeat(bytes - textOf(destination, event).text.length);
    const issued = this.good(serial, event);
    return bytes <= MAX_EVENT_BYTES ? issued : { ...issued, fate: "dead-lettered", messages: [] };
  }

  private fields(serial: number, dice: Buffer) {
    const { seed, padding = 0 } = this.options;
    return {
      kind: "feature",
      id: `${seed.toString(16)}-${serial}`,
      creationDate: 1_760_000_000_000 + serial * 7,
      key: FLAG_ON,
      value: dice.toString("hex", 5, 15) + "é".repeat(padding),
      default: false,
      version: dice.readUInt16LE(8),
      variation: dice[10]! % 4,
      reason: { kind: "FALLTHROUGH" },
      contextKeys: { user: `user-${dice.readUInt32LE(11) % 5_000}` },
    };
  }
}

export type Form = "json" | "avro";

/** Half of them as LaunchDarkly's JSON, half as a raw Avro datum. */
function usualForm(serial: number): Form {
  return serial % 2 === 0 ? "json" : "avro";
}

function encoded(form: Form, event: object): Buffer {
  const envelope = { project: PROJECT, environment: ENVIRONMENT, event, version: 2 };
  return form === "json" ? Buffer.from(JSON.stringify(envelope)) : encodeAvro(envelope);
}

type Feature = ReturnType<Oracle["fields"]>;

function expected(destination: string, event: Feature): ExpectedMessage {
  const { messageId, text } = textOf(destination, event);
  return { messageId, digest: hash("sha1", text, "base64url") };
}

function textOf(destination: string, event: Feature): { messageId: string; text: string } {
  const measured = (text: string) => `${text.length}:${text}`;
  const subject = [destination, PROJECT, ENVIRONMENT].map(measured).join("");
  const messageId = `ld-${hash("sha256", `${subject}i${measured(event.id)}`, "base64url")}`;
  const text = JSON.stringify({
    event: "feature",
    integrations: {},
    messageId,
    properties: {
      contextKeys: event.contextKeys,
      project: PROJECT,
      environment: ENVIRONMENT,
      eventId: event.id,
      default: "false",
      flagVersion: event.version,
      key: event.key,
      reasonKind: event.reason.kind,
      value: event.value,
      variation: event.variation,
      version: 2,
    },
    timestamp: new Date(event.creationDate).toISOString(),
    type: "track",
    userId: event.contextKeys.user,
  });
  return { messageId, text };
}

/** No JSON, and no datum: its first string would have a negative length. Never the same twice. */
function garbage(seed: number, serial: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x05]),
    createHash("sha256").update(`garbage:${seed}:${serial}`).digest(),
  ]);
}

function bomb(serial: number): Buffer {
  return bombs[serial % bombs.length]!(serial);
}
