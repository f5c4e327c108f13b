import { describe, expect, test } from "vitest";

import type { FaultKind } from "../../../src/engine/errors.ts";
import { outcomeOf } from "../../../src/sinks/segment/outcome.ts";

function kindOf(status: number, excerpt = ""): FaultKind | "delivered" {
  return outcomeOf({ status, headers: {}, excerpt }, 0)?.kind ?? "delivered";
}

const TABLE: Readonly<Record<FaultKind | "delivered", readonly number[]>> = {
  delivered: [200, 201, 202, 204, 206, 299],
  rejected: [400, 413, 422],
  throttled: [429],
  unavailable: [408, 425, 460, 500, 502, 503, 504, 507, 520, 529, 599],
  misconfigured: [
    300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 409, 410, 414, 415, 418, 421, 451, 499,
    501, 505, 511, 600, 999,
  ],
};

describe("the outcome table", () => {
  test.each(Object.entries(TABLE).flatMap(([kind, list]) => list.map((status) => [status, kind] as const)))(
    "%i is %s",
    (status, kind) => {
      expect(kindOf(status)).toBe(kind);
    },
  );

  test("every status has exactly one meaning, and only 2xx is delivered", () => {
    for (let status = 200; status < 1_000; status++)
      expect(kindOf(status) === "delivered").toBe(status >= 200 && status < 300);
  });

  test("a 400 that names the source is not held against the data", () => {
    expect(kindOf(400, '{"code":"source_disabled","message":"off"}')).toBe("misconfigured");
    expect(kindOf(400, '{"code":"invalid_write_key"}')).toBe("misconfigured");
    expect(kindOf(400, '{"code":"invalid_json"}')).toBe("rejected");
    expect(kindOf(400, '{"code":7}')).toBe("rejected");
    expect(kindOf(400, '{"code":"source_disab')).toBe("rejected");
    expect(kindOf(400, "source_disabled")).toBe("rejected");
  });

  test("a redirect names the origin it points to, never the rest", () => {
    const headers = { location: "https://evil.example/steal?key=abc" };
    expect(outcomeOf({ status: 307, headers, excerpt: "" }, 0)?.advice).toBe(
      "redirects are never followed (it points to https://evil.example); correct the endpoint",
    );
  });
});
