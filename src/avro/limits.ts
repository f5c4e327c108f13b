// What one Avro datum may cost. Every limit exists because a datum of a few bytes could otherwise take the
// process down: five bytes can announce an array of 100,000,000 items.

export interface DatumLimits {
  /** Records, arrays and maps inside one another. */
  readonly maxDepth: number;
  /** Array items and map entries in one datum, all together. */
  readonly maxItems: number;
  /** Those among them that take no bytes at all (nulls, empty records), which the buffer's length cannot bound. */
  readonly maxEmptyItems: number;
}

export const defaultDatumLimits: DatumLimits = {
  maxDepth: 64,
  maxItems: 1_000_000,
  maxEmptyItems: 10_000,
};
