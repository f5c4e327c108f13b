// What the main thread and a transcoding thread say to each other. Blocks and packed events travel as ArrayBuffers that
// change hands and come back, so nothing is copied twice and nothing is left for the collector.

import type { DatumLimits } from "../avro/limits.ts";
import type { EnvironmentExport } from "../engine/contracts.ts";
import type { CountedDrop } from "../engine/packed.ts";
import type { ReceiverSettings } from "./scopes.ts";
import type { TranscoderSettings } from "./transcoder.ts";

/** With which a thread begins: all of the settings that is plain data. */
export interface ThreadSettings
  extends Pick<
    TranscoderSettings,
    "json" | "experiments" | "windows" | "segmentEvent" | "separator" | "maxEventBytes"
  > {
  /** `reader`: text of the schema to read as. */
  readonly avro: { readonly reader: string; readonly limits: DatumLimits } | undefined;
  /** All events go into this lane; undefined: a lane for each destination, of its name. */
  readonly lane: string | undefined;
}

/** What holds for a project and environment from now on. */
export interface ScopeMessage {
  readonly is: "scope";
  readonly project: string;
  readonly environment: string;
  readonly exported: EnvironmentExport | undefined;
  readonly receivers: readonly ReceiverSettings[];
}

/** A schema that blocks were written with; its key names it from now on. */
export interface SchemaMessage {
  readonly is: "schema";
  readonly key: string;
  readonly json: string;
}

export interface BlockMessage {
  readonly is: "block";
  readonly id: number;
  /** Key of the schema; undefined: JSON documents. */
  readonly schema: string | undefined;
  /** The first `bytes` are the block. */
  readonly body: ArrayBuffer;
  readonly bytes: number;
  readonly borders: Uint32Array<ArrayBuffer>;
  /** To be written into. */
  readonly space: ArrayBuffer;
}

export type ToThread = ScopeMessage | SchemaMessage | BlockMessage;

export interface FromThread {
  readonly id: number;
  /** Given back. */
  readonly body: ArrayBuffer;
  readonly space: ArrayBuffer;
  /** `missing`: nothing was done, because this scope is not known yet. `nothing`: not for this schema. */
  readonly result:
    | ThreadEvents
    | { readonly missing: readonly [project: string, environment: string] }
    | "nothing";
}

export interface ThreadEvents {
  readonly table: Int32Array<ArrayBuffer>;
  readonly events: number;
  readonly lanes: readonly string[];
  readonly drops: readonly CountedDrop[];
  readonly left: readonly number[];
  readonly idBytes: number;
}
