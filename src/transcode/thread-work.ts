// One transcoding thread, without the thread: takes messages, answers blocks.
//
// State: the scopes and schemas it was told of. A block of a scope that it was not told of is given back untouched, with
// the scope's name; it comes again behind the answer.

import { loadReaderSchema, writerSchema } from "../avro/schema.ts";
import type { EnvironmentExport, WriterSchema } from "../engine/contracts.ts";
import type { ReceiverSettings } from "./scopes.ts";
import type { BlockMessage, FromThread, ThreadSettings, ToThread } from "./thread-messages.ts";
import { BlockBroken, Transcoder } from "./transcoder.ts";

interface Told {
  readonly exported: EnvironmentExport | undefined;
  readonly receivers: readonly ReceiverSettings[];
}

class MissingScope extends BlockBroken {
  constructor(
    readonly project: string,
    readonly environment: string,
  ) {
    super("a scope that this thread was not told of");
  }
}

export class ThreadWork {
  private readonly told = new Map<string, Told>();
  private readonly schemas = new Map<string, WriterSchema>();
  private readonly transcoder: Transcoder;

  constructor(
    settings: ThreadSettings,
    private readonly answer: (message: FromThread, transfer: readonly ArrayBuffer[]) => void,
  ) {
    const { avro, lane, ...rest } = settings;
    this.transcoder = new Transcoder({
      ...rest,
      avro: avro && { ...avro, reader: loadReaderSchema(writerSchema(avro.reader)) },
      laneOf: (destination) => lane ?? destination,
      destinations: { forEnvironment: (project, environment) => this.scope(project, environment).receivers },
      enablement: { forEnvironment: (project, environment) => this.scope(project, environment).exported },
      wallMs: () => Date.now(),
    });
  }

  take(message: ToThread): void {
    switch (message.is) {
      case "scope":
        this.told.set(keyOf(message.project, message.environment), message);
        break;
      case "schema":
        this.schemas.set(message.key, { key: message.key, json: message.json });
        break;
      case "block":
        this.block(message);
    }
  }

  private block({ id, schema, body, bytes, borders, space }: BlockMessage): void {
    const known = schema === undefined ? undefined : this.schemas.get(schema);
    if (schema !== undefined && !known) throw new Error("a block came before its schema");
    const block = { body: Buffer.from(body, 0, bytes), borders, writerSchema: known };
    try {
      const events = this.transcoder.run(block, Buffer.from(space));
      if (!events) this.answer({ id, body, space, result: "nothing" }, [body, space]);
      else {
        // Its own memory, or a larger one that took its place; never one of Node's pool.
        const written = events.bytes.buffer as ArrayBuffer;
        const table = events.table as Int32Array<ArrayBuffer>;
        const { lanes, drops, left, idBytes } = events;
        const result = { table, events: events.events, lanes, drops, left, idBytes };
        this.answer({ id, body, space: written, result }, [body, written, table.buffer]);
      }
    } catch (error) {
      if (!(error instanceof MissingScope)) throw error;
      const result = { missing: [error.project, error.environment] as const };
      this.answer({ id, body, space, result }, [body, space]);
    }
  }

  private scope(project: string, environment: string): Told {
    const told = this.told.get(keyOf(project, environment));
    if (!told) throw new MissingScope(project, environment);
    return told;
  }
}

function keyOf(project: string, environment: string): string {
  return JSON.stringify([project, environment]);
}
