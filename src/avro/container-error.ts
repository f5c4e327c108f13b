// What can be wrong with a container file, and where.

export type ContainerErrorCode =
  | "avro-container-truncated"
  | "avro-container-corrupt"
  | "avro-container-unsupported-codec"
  | "avro-container-too-large";

export class ContainerError extends Error {
  override readonly name = "ContainerError";
  constructor(
    readonly code: ContainerErrorCode,
    /** Byte offset into the file where the trouble was noticed. */
    readonly offset: number,
    what: string,
    options?: ErrorOptions,
  ) {
    super(`Avro container file, byte ${offset}: ${what}.`, options);
  }
}

export interface ContainerLimits {
  readonly headerBytes: number;
  /** Of one block, as it stands in the file. */
  readonly blockBytes: number;
  /** Of one block, decompressed. Also bounded by 200 times its compressed size plus 1 MB. */
  readonly decompressedBytes: number;
}

export const defaultContainerLimits: ContainerLimits = {
  headerBytes: 1024 * 1024,
  blockBytes: 64 * 1024 * 1024,
  decompressedBytes: 256 * 1024 * 1024,
};
