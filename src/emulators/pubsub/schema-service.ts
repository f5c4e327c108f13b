// google.pubsub.v1.SchemaService, for Avro.

import type { PubSubLimits } from "./limits.ts";
import { pageOf } from "./pages.ts";
import { checkedProject } from "./resource-names.ts";
import type { SchemaResource, SchemaView } from "./resources.ts";
import { invalid } from "./rpc-error.ts";
import type { SchemaRegistry } from "./schema-registry.ts";
import { empty, type UnaryService, unary } from "./unary.ts";
import type {
  CommitSchemaRequest,
  CreateSchemaRequest,
  ListSchemaRevisionsRequest,
  ListSchemasRequest,
  SchemaMessage,
  SchemaRequest,
  SchemaRevisionRequest,
  ValidateMessageRequest,
  ValidateSchemaRequest,
} from "./wire.ts";

export function schemaService(schemas: SchemaRegistry, limits: PubSubLimits): UnaryService {
  return {
    CreateSchema: unary(({ parent, schema, schemaId }: CreateSchemaRequest) => {
      const name = `${checkedProject(parent)}/schemas/${schemaId || given(schema).name.split("/").pop()}`;
      return schemas.create({ ...given(schema), name });
    }),
    GetSchema: unary(({ name, view }: SchemaRequest) => viewed(schemas.get(name), view, "FULL")),
    ListSchemas: unary((request: ListSchemasRequest) => {
      const { items, nextPageToken } = pageOf(
        schemas.list(checkedProject(request.parent)),
        request,
        limits.pageSize,
      );
      return { schemas: items.map((schema) => viewed(schema, request.view, "BASIC")), nextPageToken };
    }),
    ListSchemaRevisions: unary((request: ListSchemaRevisionsRequest) => {
      const { items, nextPageToken } = pageOf(schemas.listRevisions(request.name), request, limits.pageSize);
      return { schemas: items.map((schema) => viewed(schema, request.view, "BASIC")), nextPageToken };
    }),
    CommitSchema: unary(({ name, schema }: CommitSchemaRequest) =>
      schemas.commit({ ...given(schema), name }),
    ),
    RollbackSchema: unary(({ name, revisionId }: SchemaRevisionRequest) =>
      schemas.rollback(name, revisionId),
    ),
    DeleteSchemaRevision: unary(({ name, revisionId }: SchemaRevisionRequest) =>
      schemas.deleteRevision(name.includes("@") ? name : `${name}@${revisionId}`),
    ),
    DeleteSchema: unary(({ name }: SchemaRequest) => {
      schemas.delete(name);
      return empty;
    }),
    ValidateSchema: unary(({ schema }: ValidateSchemaRequest) => {
      schemas.validateSchema(given(schema));
      return empty;
    }),
    ValidateMessage: unary(({ name, schema, message, encoding }: ValidateMessageRequest) => {
      const check = name ? schemas.revision(name).check : schemas.validateSchema(given(schema));
      const problem = check.problemIn(message, encoding === "BINARY" ? "BINARY" : "JSON");
      if (problem !== undefined) throw invalid(`Invalid message: it does not fit the schema (${problem}).`);
      return empty;
    }),
  };
}

function given(schema: SchemaMessage | null): SchemaMessage {
  if (!schema) throw invalid("The request must set schema.");
  return schema;
}

function viewed(schema: SchemaResource, view: SchemaView, byDefault: SchemaView): SchemaResource {
  const wanted = view === "SCHEMA_VIEW_UNSPECIFIED" ? byDefault : view;
  return wanted === "FULL" ? schema : { ...schema, definition: "" };
}
