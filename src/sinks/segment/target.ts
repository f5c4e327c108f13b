// From a lane to where its requests go. Everything that is wrong here a person must mend, so it parks the
// lane; only a destination that is gone, or was switched off, rejects what is held for it.

import type { Destination, Destinations } from "../../engine/contracts.ts";
import { SinkFault, toError } from "../../engine/errors.ts";
import type { Reach } from "../../engine/reach.ts";
import { endpointProblem } from "./endpoint-rules.ts";
import { MAX_WRITE_KEY_LENGTH } from "./request-body.ts";

export interface Target {
  readonly lane: string;
  readonly origin: string;
  readonly path: string;
  readonly writeKey: string;
  /** For messages: the destination's id and origin. */
  readonly label: string;
  readonly reach: Reach | undefined;
}

// Segment answers 400 to very short keys, as it does to bad data; so they are told apart before sending.
// Keys have 32 letters and digits today and had ten once.
const MIN_WRITE_KEY_LENGTH = 8;
const WRITE_KEY = /^[A-Za-z0-9_.~+/=-]+$/;

export const targetRejects = {
  "destination-deleted": "The destination was deleted while events were held for it.",
  "destination-off": "The destination was switched off while events were held for it.",
} as const;

/** Throws SinkFault: rejected (gone or off), or misconfigured (endpoint or write key cannot be used). */
export function targetOf(destinations: Destinations, lane: string): Target {
  const destination = destinations.get(lane);
  if (destination === undefined)
    throw new SinkFault("rejected", `destination ${lane} was deleted while events were held for it`, {
      code: "destination-deleted",
      isDeliberate: true,
    });
  if (!destination.on)
    throw new SinkFault("rejected", `destination ${lane} was switched off while events were held for it`, {
      code: "destination-off",
      isDeliberate: true,
    });
  const { origin, path } = knownAddress(destination);
  const { reach } = destination.config;
  return {
    lane,
    origin,
    path,
    writeKey: writeKeyOf(destination),
    label: `destination ${lane} (${origin})`,
    reach,
  };
}

interface Address {
  readonly origin: string;
  readonly path: string;
}

/** An edited destination is another object. Parsed for each request, it would cost as much as writing ten events. */
const addresses = new WeakMap<Destination, Address>();

function knownAddress(destination: Destination): Address {
  const known = addresses.get(destination);
  if (known) return known;
  const address = addressOf(destination);
  addresses.set(destination, address);
  return address;
}

/** Takes the documented base with or without its `/v1`, and a path of a gateway before it. */
function addressOf(destination: Destination): Address {
  const { endpoint } = destination.config;
  if (!URL.canParse(endpoint))
    throw misconfigured(destination, "endpoint-invalid", "its endpoint is not a URL");
  const url = new URL(endpoint);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw misconfigured(
      destination,
      "endpoint-invalid",
      `its endpoint uses ${url.protocol} instead of https:`,
    );
  if (url.username !== "" || url.password !== "")
    throw misconfigured(destination, "endpoint-invalid", "its endpoint holds a user name or password");
  // Again, though it was checked when it was given: the rules of this process may be stricter by now.
  const { reach } = destination.config;
  const refused = reach && endpointProblem(endpoint, reach);
  if (refused) throw misconfigured(destination, "endpoint-refused", `its endpoint ${refused}`);
  const base = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return { origin: url.origin, path: `${base}/v1/batch` };
}

function writeKeyOf(destination: Destination): string {
  let key: string;
  try {
    key = destination.config.writeKey();
  } catch (thrown) {
    const { message } = toError(thrown);
    throw misconfigured(
      destination,
      "write-key-unavailable",
      `its write key cannot be read: ${message}`,
      thrown,
    );
  }
  if (key.length < MIN_WRITE_KEY_LENGTH || key.length > MAX_WRITE_KEY_LENGTH)
    throw misconfigured(
      destination,
      "write-key-invalid",
      `its write key has ${key.length} characters; it must have ${MIN_WRITE_KEY_LENGTH} to ${MAX_WRITE_KEY_LENGTH}`,
    );
  if (!WRITE_KEY.test(key))
    throw misconfigured(
      destination,
      "write-key-invalid",
      "its write key holds a character that no key has (a space or line break copied along?)",
    );
  return key;
}

function misconfigured(destination: Destination, code: string, what: string, cause?: unknown): SinkFault {
  return new SinkFault("misconfigured", `destination ${destination.id}: ${what}`, { code, cause });
}
