// The 64-bit Rabin fingerprint, CRC-64-AVRO (Apache Avro specification, "Schema Fingerprints").

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ EMPTY : value >> 1n;
  return value;
});

/** Of the canonical form of a schema, as UTF-8. Unsigned. */
export function rabinFingerprint(canonical: Uint8Array): bigint {
  let fingerprint = EMPTY;
  for (const byte of canonical)
    fingerprint = (fingerprint >> 8n) ^ TABLE[Number((fingerprint ^ BigInt(byte)) & 0xffn)]!;
  return fingerprint;
}
