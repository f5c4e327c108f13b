// The mapping to Segment as somebody would write it who needs it today: for the comparisons. Same fields as ours and
// nothing else: no checks, no hash for the messageId, no identity beyond the common shapes, no counting.

/** Of what avsc yields: the event inside an object named after its record, and documents in it as JSON texts. */
export function segmentMessage({ project, environment, event: wrapped, version }) {
  return message(wrapped[Object.keys(wrapped)[0]], project, environment, version, JSON.parse);
}

/** Of what JSON.parse yields. */
export function segmentMessageOfJson({ project, environment, event, version }) {
  return message(event, project, environment, version, (document) => document);
}

function message(event, project, environment, version, documentOf) {
  const track = (own) => trackMessage(event, project, environment, version, own, documentOf);
  switch (event.kind) {
    case "feature":
      return track({
        default: event.default ?? undefined,
        flagVersion: event.version ?? undefined,
        key: event.key,
        prereqOf: event.prereqOf ?? undefined,
        reasonKind: event.reason?.kind,
        value: event.value ?? undefined,
        variation: event.variation ?? undefined,
        variationName: event.variationName ?? undefined,
      });
    case "custom":
      return track({
        key: event.key,
        metricValue: event.metricValue ?? undefined,
        url: event.url ?? undefined,
      });
    case "click":
      return track({
        key: event.key,
        selector: event.selector ?? undefined,
        url: event.url ?? undefined,
      });
    case "pageview":
      return {
        ...track({ key: event.key, url: event.url }),
        event: undefined,
        type: "page",
      };
    case "alias":
      return {
        type: "alias",
        messageId: `ld-${event.id}`,
        timestamp: new Date(event.creationDate).toISOString(),
        userId: event.key,
        previousId: event.previousKey,
      };
    default:
      return undefined;
  }
}

function trackMessage(event, project, environment, version, own, documentOf) {
  const contextKeys = event.contextKeys ?? keysOf(event, documentOf);
  return {
    anonymousId: contextKeys.anonymousUser,
    event: event.kind,
    integrations: {},
    messageId: `ld-${event.id}`,
    properties: { contextKeys, project, environment, eventId: event.id, ...own, version },
    timestamp: new Date(event.creationDate).toISOString(),
    type: "track",
    userId: contextKeys.user,
  };
}

function keysOf(event, documentOf) {
  if (event.context) {
    const context = documentOf(event.context);
    return { [context.kind]: context.key };
  }
  if (event.userKey) return { [event.contextKind ?? "user"]: event.userKey };
  return { user: documentOf(event.user).key };
}
