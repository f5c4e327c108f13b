// Schemas and their revisions (schema.proto, and "Commit a schema revision": at most 20 revisions, and a new one
// must resolve as reader and as writer against every other).

import { createHash } from "node:crypto";

import type { Clock } from "../../engine/clock.ts";
import { type AvroCheck, compileAvroCheck, incompatibility } from "./avro-check.ts";
import type { PubSubLimits } from "./limits.ts";
import { timestampOf } from "./message.ts";
import { checkedName, idOf, projectOf } from "./resource-names.ts";
import type { SchemaResource, SchemaSettings, SchemaType } from "./resources.ts";
import { alreadyExists, invalid, notFound, notHere, RpcError } from "./rpc-error.ts";

export interface SchemaRevision {
  readonly resource: SchemaResource;
  readonly check: AvroCheck;
}

/** The attributes that a consumer decodes by, as the service adds them to what it accepted. */
export interface SchemaStamp {
  readonly googclient_schemaname: string;
  readonly googclient_schemarevisionid: string;
  readonly googclient_schemaencoding: string;
  readonly [attribute: string]: string;
}

export interface NewSchema {
  readonly name: string;
  readonly type?: SchemaType;
  readonly definition: string;
}

export class SchemaRegistry {
  private readonly schemas = new Map<string, SchemaRevision[]>();
  private revisionsMade = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: PubSubLimits,
  ) {}

  create(schema: NewSchema): SchemaResource {
    const name = checkedName(schema.name, "schemas");
    if (this.schemas.has(name)) throw alreadyExists(idOf(name));
    if (this.schemas.size >= this.limits.schemas)
      throw new RpcError("RESOURCE_EXHAUSTED", `This local Pub/Sub keeps ${this.limits.schemas} schemas.`);
    const revision = this.newRevision({ ...schema, name });
    this.schemas.set(name, [revision]);
    return revision.resource;
  }

  commit(schema: NewSchema): SchemaResource {
    const { name } = schema;
    const revisions = this.revisionsOf(name);
    if (revisions.length >= this.limits.schemaRevisions) {
      throw new RpcError(
        "FAILED_PRECONDITION",
        `Schema ${idOf(name)} has ${revisions.length} revisions, the most there may be; delete one first.`,
      );
    }
    const revision = this.newRevision(schema);
    for (const other of revisions) {
      const reason = incompatibility(revision.check, other.check);
      if (reason === undefined) continue;
      const id = other.resource.revisionId;
      throw invalid(`Invalid schema revision: not compatible with revision ${id} (${reason}).`);
    }
    revisions.push(revision);
    return revision.resource;
  }

  /** A new revision with the definition of an old one. */
  rollback(name: string, revisionId: string): SchemaResource {
    const { definition, type } = this.get(`${name}@${revisionId}`);
    return this.commit({ name, type, definition });
  }

  deleteRevision(nameAtRevision: string): SchemaResource {
    const { name, revisionId } = parts(nameAtRevision);
    const revisions = this.revisionsOf(name);
    const index = revisions.findIndex(({ resource }) => resource.revisionId === revisionId);
    if (index < 0) throw notFound(idOf(nameAtRevision));
    if (revisions.length === 1)
      throw new RpcError("FAILED_PRECONDITION", "The last revision cannot be deleted; delete the schema.");
    revisions.splice(index, 1);
    return latest(revisions).resource;
  }

  delete(name: string): void {
    this.revisionsOf(name);
    this.schemas.delete(name);
  }

  /** By `projects/P/schemas/S` (the latest revision) or `projects/P/schemas/S@REVISION`. */
  get(nameAtRevision: string): SchemaResource {
    return this.revision(nameAtRevision).resource;
  }

  /** The latest revision of each schema of a project, by name. */
  list(project: string): SchemaResource[] {
    const all = [...this.schemas].filter(([name]) => projectOf(name) === project);
    return all.map(([, revisions]) => latest(revisions).resource).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Newest first. */
  listRevisions(name: string): SchemaResource[] {
    return this.revisionsOf(name)
      .map(({ resource }) => resource)
      .reverse();
  }

  /** Throws INVALID_ARGUMENT with the reason when the definition is no Avro schema. */
  validateSchema({ type, definition }: Pick<NewSchema, "type" | "definition">): AvroCheck {
    if (type === "PROTOCOL_BUFFER") throw notHere("Protocol Buffer schemas");
    if (Buffer.byteLength(definition) > this.limits.schemaBytes)
      throw invalid(`The schema definition is larger than ${this.limits.schemaBytes} bytes.`);
    return compileAvroCheck(definition);
  }

  revision(nameAtRevision: string): SchemaRevision {
    const { name, revisionId } = parts(nameAtRevision);
    const revisions = this.revisionsOf(name);
    if (!revisionId) return latest(revisions);
    const found = revisions.find(({ resource }) => resource.revisionId === revisionId);
    if (!found) throw notFound(idOf(nameAtRevision));
    return found;
  }

  /**
   * The newest revision within the topic's bounds that the data is valid for, as attributes of the message.
   * Throws INVALID_ARGUMENT when there is none.
   */
  stamp(settings: SchemaSettings, data: Uint8Array): SchemaStamp {
    const encoding = settings.encoding === "BINARY" ? "BINARY" : "JSON";
    const revisions = this.revisionsOf(settings.schema);
    const at = (id: string | undefined) => revisions.findIndex(({ resource }) => resource.revisionId === id);
    const first = settings.firstRevisionId ? at(settings.firstRevisionId) : 0;
    const last = settings.lastRevisionId ? at(settings.lastRevisionId) : revisions.length - 1;
    let why = "the topic's revision range is empty";
    for (let index = last; index >= Math.max(0, first); index--) {
      const { check, resource } = revisions[index] as SchemaRevision;
      const problem = check.problemIn(data, encoding);
      if (problem === undefined) {
        return {
          googclient_schemaname: settings.schema,
          googclient_schemarevisionid: resource.revisionId,
          googclient_schemaencoding: encoding,
        };
      }
      if (index === last) why = problem;
    }
    throw invalid(`Invalid data in message: Message failed schema validation (${encoding}: ${why}).`);
  }

  private newRevision({ name, type, definition }: NewSchema): SchemaRevision {
    const check = this.validateSchema({ ...(type ? { type } : {}), definition });
    const revisionId = createHash("sha256")
      .update(`${name} ${++this.revisionsMade} ${definition}`)
      .digest("hex")
      .slice(0, 8);
    const revisionCreateTime = timestampOf(this.clock.wallMs());
    return { resource: { name, type: "AVRO", definition, revisionId, revisionCreateTime }, check };
  }

  private revisionsOf(name: string): SchemaRevision[] {
    const revisions = this.schemas.get(name);
    if (!revisions) throw notFound(idOf(name));
    return revisions;
  }
}

function latest(revisions: readonly SchemaRevision[]): SchemaRevision {
  // A schema has one revision from its creation on, and its last cannot be deleted.
  return revisions[revisions.length - 1] as SchemaRevision;
}

function parts(nameAtRevision: string): { name: string; revisionId: string } {
  const [name = "", revisionId = ""] = nameAtRevision.split("@", 2);
  return { name, revisionId };
}
