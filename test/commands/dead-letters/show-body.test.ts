import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { expect, it } from "vitest";

import { plainText } from "../../../src/commands/dead-letters/plain-text.ts";
import { showBody } from "../../../src/commands/dead-letters/show-body.ts";
import { encodeAvro, exportEventSchema } from "../../../src/emulators/avro-events.ts";
import { exported } from "../../support/fixtures.ts";

const event = exported("click");
const pretty = JSON.stringify(event, null, 2);

it("shows bytes that nobody understands as hex and base64", () => {
  const { kind, text } = showBody(Buffer.from("\u0001\u001b[2Jno JSON at all"), undefined);
  expect(kind).toBe("bytes");
  expect(text).toBe(
    "00000000  01 1b 5b 32 4a 6e 6f 20 4a 53 4f 4e 20 61 74 20  ..[2Jno JSON at \n" +
      "00000010  61 6c 6c                                         all\n" +
      `base64: ${Buffer.from("\u0001\u001b[2Jno JSON at all").toString("base64")}`,
  );
});

it("shows only the beginning of a large body", () => {
  const { text } = showBody(Buffer.alloc(100_000, 1), undefined);
  expect(text).toContain("… 99488 more bytes");
  expect(text.length).toBeLessThan(10_000);
});

it("shows why a datum cannot be read, and its bytes", () => {
  const { kind, text } = showBody(Buffer.from([1, 2, 3]), exportEventSchema());
  expect(kind).toBe("bytes");
  expect(text).toMatch(/^\(not a datum of its schema: .+\)\n00000000 {2}01 02 03/);
});

it("does not inflate a bomb", () => {
  expect(showBody(gzipSync(Buffer.alloc(50_000_000)), undefined).kind).toBe("bytes");
});

it("shows JSON, also when it is compressed, as indented JSON", () => {
  const json = Buffer.from(JSON.stringify(event));
  expect(showBody(json, undefined)).toEqual({ kind: "JSON", text: pretty });
  expect(showBody(gzipSync(json), undefined)).toEqual({ kind: "JSON", text: pretty });
});

it("shows a datum of a container file by its writer's schema", () => {
  const { kind, text } = showBody(encodeAvro(event), exportEventSchema());
  expect(kind).toBe("Avro");
  expect(JSON.parse(text)).toMatchObject({ project: event["project"], environment: event["environment"] });
});

it("never throws, and never lets a control character through to a terminal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.string({ unit: "binary" }), (bytes, schema) => {
      showBody(Buffer.from(bytes), undefined);
      showBody(Buffer.from(bytes), schema);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(plainText(schema)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    }),
  );
});
