// LaunchDarkly export event -> one Segment message for each destination of its environment, as LaunchDarkly's
// own Segment destination would send it (LaunchDarkly docs, "Twilio Segment for Data Export").
//
//   feature, click, custom -> track     pageview -> page     alias -> alias
//   index, identify, summary, debug, migration_op -> dropped     any other kind -> dead letter
//
// The same event always gives the same bytes for the same destination: nothing here depends on when, how or how
// often the event arrived.

import { defineTransform, Many, type Drop, type RunContext } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import {
  checkEnvelope,
  describe,
  envelopeRejects,
  kindOf,
  nameOf,
  shorten,
  type Enveloped,
  type EventDocument,
} from "../events/envelope.ts";
import { SegmentEvent, type SegmentMessage } from "../events/segment-event.ts";
import { isTestEvent } from "../events/test-event.ts";
import { config, example, type SegmentEventConfig } from "./segment-event/config.ts";
import { identityOf } from "./segment-event/identity.ts";
import { drops, noDestination, rejects, skippedKinds } from "./segment-event/kinds.ts";
import { aliasMessage, pageMessage, trackMessage } from "./segment-event/message.ts";
import { eventIdentity, messageId } from "./segment-event/message-id.ts";
import { propertyBuilders, type PropertiesOf } from "./segment-event/properties.ts";
import { Receivers, type Receiver } from "./segment-event/receivers.ts";
import { creationMs, isoTime } from "./segment-event/timestamp.ts";
import { whoOf } from "./segment-event/who.ts";

const A_DAY_MS = 86_400_000;

export default defineTransform({
  type: "segment-event",
  summary:
    "Turns LaunchDarkly export events into the events that LaunchDarkly's own Segment destination sends.",
  config,
  example,
  accepts: "export-event",
  emits: "segment-event",
  drops,
  rejects: { ...envelopeRejects, ...rejects },
  create(config, context) {
    const mapper = new Mapper(config, context);
    return { apply: (value) => mapper.map(value) };
  },
});

/** The message of one event for one destination; undefined when the destination maps none of its contexts. */
type Compose = (receiver: Receiver) => SegmentMessage | undefined;

class Mapper {
  private readonly config: SegmentEventConfig;
  private readonly context: RunContext;
  private readonly builders: ReadonlyMap<string, PropertiesOf>;
  private readonly receivers: Receivers;

  constructor(config: SegmentEventConfig, context: RunContext) {
    this.config = config;
    this.context = context;
    this.builders = propertyBuilders(config);
    this.receivers = new Receivers(context.destinations);
  }

  map(value: unknown): SegmentEvent | Drop | Many<SegmentEvent> {
    checkEnvelope(value);
    const { event } = value;
    if (isTestEvent(event)) this.context.count("test_events_total", 1);
    const receivers = this.receivers.of(value.project, value.environment);
    if (receivers.length === 0) return noDestination;
    const kind = kindOf(event);
    const skipped = kind === undefined ? undefined : skippedKinds.get(kind);
    if (skipped) return skipped;
    return this.send(receivers, event, this.composer(value, kind));
  }

  private composer(envelope: Enveloped, kind: string | undefined): Compose {
    const { event } = envelope;
    if (kind === "alias") return this.alias(envelope);
    const build = kind === undefined ? undefined : this.builders.get(kind);
    if (!build || kind === undefined) throw unknownKind(event);
    const key = event["key"];
    if (typeof key !== "string" || key === "")
      throw new DataError("no-key", `key of ${nameOf(event)} must be a text, but is ${describe(key)}`);
    const timestamp = this.timestamp(event);
    const who = whoOf(event);
    const properties = build(envelope, who.contextKeys, key);
    const subject = eventIdentity(event);
    return ({ destination, idPrefix }) => {
      const identity = identityOf(event, who, destination.config, this.config);
      if (!identity) return undefined;
      const stamp = { messageId: messageId(idPrefix, subject), timestamp };
      return kind === "pageview"
        ? pageMessage(identity, stamp, properties)
        : trackMessage(kind, identity, stamp, properties);
    };
  }

  /** Users-only SDKs: the two keys are the ids, whatever kinds they name (the documents disagree on those). */
  private alias(envelope: Enveloped): Compose {
    const { event, project, environment } = envelope;
    const userId = event["key"];
    const previousId = event["previousKey"];
    const timestamp = this.timestamp(event);
    if (typeof userId !== "string" || userId === "" || typeof previousId !== "string" || previousId === "")
      throw new DataError("no-identity", `${nameOf(event)} must have the texts key and previousKey`);
    const subject = eventIdentity(event);
    return ({ idPrefix }) => {
      const stamp = { messageId: messageId(idPrefix, subject), timestamp };
      return aliasMessage({ project, environment, previousId, userId, stamp });
    };
  }

  private timestamp(event: EventDocument): string {
    const ms = creationMs(event);
    if (ms > this.context.clock.wallMs() + A_DAY_MS) {
      this.context.count("implausible_times_total", 1);
      if (this.config.implausibleTime === "dead-letter")
        throw new DataError(
          "implausible-time",
          `creationDate of ${nameOf(event)} is ${isoTime(ms)}, over a day ahead`,
        );
    }
    return isoTime(ms);
  }

  /**
   * Destinations may map different kinds. One that maps none of this event's contexts does not keep the event from the
   * others: it alone misses it, and has a dead letter of its own.
   */
  private send(
    receivers: readonly Receiver[],
    event: EventDocument,
    compose: Compose,
  ): SegmentEvent | Many<SegmentEvent> {
    const [first] = receivers;
    if (receivers.length === 1 && first) {
      const message = compose(first);
      if (!message) throw noIdentity(event, first);
      return new SegmentEvent(first.destination, message);
    }
    return new Many(
      receivers.map((receiver) => {
        const message = compose(receiver);
        return message ? new SegmentEvent(receiver.destination, message) : noIdentity(event, receiver);
      }),
    );
  }
}

function unknownKind(event: EventDocument): DataError {
  return new DataError(
    "unknown-kind",
    `kind of ${nameOf(event)} is ${describe(event["kind"])}, which is not known`,
  );
}

function noIdentity(event: EventDocument, { destination }: Receiver): DataError {
  const { userIdContextKind, anonymousIdContextKind } = destination.config;
  const kinds = Object.keys(whoOf(event).contextKeys)
    .slice(0, 5)
    .map((kind) => JSON.stringify(shorten(kind)))
    .join(", ");
  return new DataError(
    "no-identity",
    `${nameOf(event)} has no context of kind ${userIdContextKind} or ${anonymousIdContextKind} (its kinds: ${kinds || "none"})`,
    { destination: destination.id },
  );
}
