import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { compileDecoder } from "../../src/avro/decode.ts";
import { compileScan, datumBoundaries } from "../../src/avro/scan.ts";
import { loadReaderSchema, loadWriterSchema, writerSchema } from "../../src/avro/schema.ts";
import { DataError } from "../../src/engine/errors.ts";
import {
  anyDamage,
  anyDatum,
  anySchema,
  damaged,
  fuzzRuns,
  fuzzTimeoutMs,
} from "../support/avro-arbitraries.ts";

vi.setConfig({ testTimeout: fuzzTimeoutMs });

const schemaAndSamples = anySchema.chain((json) => {
  const schema = loadReaderSchema(writerSchema(JSON.stringify(json)));
  return fc.record({
    schema: fc.constant(schema),
    samples: fc.array(anyDatum(schema.type), { minLength: 1, maxLength: 4 }),
  });
});

test("any datum of any schema is as long as the scan says and decodes to its plain form", () => {
  fc.assert(
    fc.property(schemaAndSamples, ({ schema, samples }) => {
      const decode = compileDecoder(schema, loadWriterSchema(schema));
      const scan = compileScan(schema.type);
      for (const { datum, plain } of samples) {
        const bytes = schema.type.toBuffer(datum);
        expect(scan(bytes, 0, bytes.length)).toBe(bytes.length);
        expect(decode(bytes, 0, bytes.length)).toStrictEqual(plain ?? null);
      }
    }),
    { numRuns: fuzzRuns },
  );
});

test("data one after the other are found again", () => {
  fc.assert(
    fc.property(schemaAndSamples, ({ schema, samples }) => {
      const encoded = samples.map(({ datum }) => schema.type.toBuffer(datum));
      const data = Buffer.concat(encoded);
      const borders = datumBoundaries(compileScan(schema.type), data, encoded.length);
      const found = encoded.map((_, index) => data.subarray(borders[index], borders[index + 1]));
      expect(found).toStrictEqual(encoded);
    }),
    { numRuns: fuzzRuns / 4 },
  );
});

test("a damaged datum is a value or a DataError, and nothing decodes that the scan refuses", () => {
  const damages = fc.array(anyDamage, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(schemaAndSamples, damages, ({ schema, samples }, how) => {
      const decode = compileDecoder(schema, loadWriterSchema(schema));
      const scan = compileScan(schema.type);
      for (const { datum } of samples) {
        const bytes = damaged(schema.type.toBuffer(datum), how);
        if (outcome(() => decode(bytes, 0, bytes.length)) === "value")
          expect(scan(bytes, 0, bytes.length)).toBe(bytes.length);
        else outcome(() => scan(bytes, 0, bytes.length));
      }
    }),
    { numRuns: fuzzRuns },
  );
});

test("random bytes under any schema are a value or a DataError", () => {
  fc.assert(
    fc.property(anySchema, fc.uint8Array({ maxLength: 64 }), (json, random) => {
      const schema = loadReaderSchema(writerSchema(JSON.stringify(json)));
      const bytes = Buffer.from(random);
      outcome(() => compileDecoder(schema, schema)(bytes, 0, bytes.length));
    }),
    { numRuns: fuzzRuns },
  );
});

test("any two schemas either resolve or are refused, and then data are values or DataErrors", () => {
  fc.assert(
    fc.property(schemaAndSamples, anySchema, ({ schema, samples }, json) => {
      const reader = loadReaderSchema(writerSchema(JSON.stringify(json)));
      outcome(() => {
        const decode = compileDecoder(reader, loadWriterSchema(schema));
        for (const { datum } of samples) {
          const bytes = schema.type.toBuffer(datum);
          outcome(() => decode(bytes, 0, bytes.length));
        }
      });
    }),
    { numRuns: fuzzRuns },
  );
});

test("fields moved, added with a default, or put into a wider union change nothing of what was there", () => {
  const optional = { name: "later", type: ["null", "string"], default: null };
  fc.assert(
    fc.property(schemaAndSamples, ({ schema, samples }) => {
      const json: unknown = JSON.parse(schema.json);
      const writer = envelopeOf([
        { name: "a", type: json },
        { name: "b", type: "string" },
      ]);
      const wide = Array.isArray(json) ? [...json, LATER] : [json, LATER];
      const reader = envelopeOf([{ name: "b", type: "string" }, optional, { name: "a", type: wide }]);
      const decode = compileDecoder(reader, loadWriterSchema(writer));
      for (const { datum, plain } of samples) {
        const bytes = writer.type.toBuffer({ a: datum, b: "x" });
        expect(decode(bytes, 0, bytes.length)).toStrictEqual({
          b: "x",
          ...(plain === undefined ? {} : { a: plain }),
        });
      }
    }),
    { numRuns: fuzzRuns / 4 },
  );
});

const LATER = { type: "record", name: "Later", fields: [] };

function envelopeOf(fields: unknown[]) {
  return loadReaderSchema(writerSchema(JSON.stringify({ type: "record", name: "Envelope", fields })));
}

/** Anything but a DataError is passed on, and fails the test. */
function outcome(run: () => unknown): "value" | "data-error" {
  try {
    run();
    return "value";
  } catch (error) {
    if (error instanceof DataError) return "data-error";
    throw error;
  }
}
