import { describe, expect, test } from "vitest";

import { Secret } from "../../src/config/secret.ts";
import redact from "../../src/transforms/redact.ts";
import type { SegmentEvent } from "../../src/events/segment-event.ts";
import { aContext } from "../support/context.ts";
import { aSegmentEvent } from "../support/segment-events.ts";
import { anOrigin, checkOf } from "../support/transforms.ts";

const KEY = "a-key-of-sixteen-letters";

function redacted(config: object, value: unknown): unknown {
  const full = {
    on: "export-event",
    hash: [],
    mask: [],
    remove: [],
    maskWith: "***",
    key: new Secret(KEY),
    ...config,
  };
  const transform = redact.create(full as never, aContext());
  if (transform instanceof Promise) throw new Error("expected a transform that needs no preparation");
  return transform.apply(value, anOrigin);
}

const envelope = (event: object) => ({ project: "p", environment: "e", event });
const problems = (config: object) =>
  checkOf(redact, { on: "export-event", hash: [], mask: [], remove: [], maskWith: "***", ...config }).map(
    ({ path, code }) => `${path.join(".")} ${code}`,
  );

describe("refused at load", () => {
  test("hash without a key", () => {
    expect(problems({ hash: ["event.key"] })).toEqual(["hash hash-without-key"]);
  });

  test("a mistyped path: it would redact nothing, silently", () => {
    expect(problems({ mask: ["event.usr.email"], remove: ["event.contxt"] })).toEqual([
      "mask.0 bad-path",
      "remove.0 bad-path",
    ]);
  });

  test("what tells Segment events apart", () => {
    expect(problems({ on: "segment-event", remove: ["event.messageId", "event.*"] })).toEqual([
      "remove.0 protected-field",
      "remove.1 protected-field",
    ]);
  });
});

test("a hash is the same for the same value and key, another for another key, and tells nothing of the value", () => {
  const hashOf = (email: unknown, key = KEY) => {
    const value = envelope({ user: { email } });
    const out = redacted({ hash: ["event.user.email"], key: new Secret(key) }, value) as {
      event: { user: { email: string } };
    };
    return out.event.user.email;
  };
  expect(hashOf("ann@example.com")).toBe("3fn9jGTnUraYuSklc_XeLlQuMhWPC_cYi0Y3AH0Kcjo");
  expect(hashOf("ann@example.com")).toBe(hashOf("ann@example.com"));
  expect(hashOf("ann@example.com", "another-key-of-ours")).not.toBe(hashOf("ann@example.com"));
  expect(hashOf({ b: 1, a: 2 })).toBe(hashOf({ a: 2, b: 1 }));
  expect(hashOf(null)).toBe(null);
});

test("masks and removes at every member and element, and leaves alone what is not there", () => {
  const value = envelope({
    context: { user: { email: "a", name: "b" }, org: { email: "c" } },
    data: { people: [{ phone: 1 }, { phone: 2, x: 3 }] },
  });
  const before = JSON.stringify(value);
  const out = redacted(
    { mask: ["event.context.*.email"], remove: ["event.data.people.*.phone", "event.user.email"] },
    value,
  );
  expect(out).toEqual(
    envelope({
      context: { user: { email: "***", name: "b" }, org: { email: "***" } },
      data: { people: [{}, { x: 3 }] },
    }),
  );
  expect(JSON.stringify(value)).toBe(before);
  const clean = envelope({ key: "k" });
  expect(redacted({ mask: ["event.context.*.email"] }, clean)).toBe(clean);
});

test("works on Segment events", () => {
  const event = aSegmentEvent({ context: { ip: "192.0.2.1" } });
  const out = redacted(
    { on: "segment-event", hash: ["event.userId"], mask: ["event.context.ip"] },
    event,
  ) as SegmentEvent;
  expect(out.message).toMatchObject({ messageId: "ld-1", context: { ip: "***" } });
  expect(out.message.userId).toMatch(/^[\w-]{43}$/);
});
