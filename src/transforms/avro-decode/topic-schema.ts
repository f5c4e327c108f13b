// What Pub/Sub says about the schema of a message, in its attributes (Pub/Sub docs, "Work with schemas": messages of
// a topic with a schema). Any of them may be blank or missing.

import type { Origin } from "../../engine/contracts.ts";
import { DataError } from "../../engine/errors.ts";

const NAME = "googclient_schemaname";
const REVISION = "googclient_schemarevisionid";
const ENCODING = "googclient_schemaencoding";

export interface TopicSchema {
  /** `projects/P/schemas/S`; empty: unknown, so the data was written with the reader's schema. */
  readonly name: string;
  /** Empty: unknown. */
  readonly revision: string;
  readonly encoding: "BINARY" | "JSON" | "";
}

export function hasTopicSchema({ attributes }: Origin): boolean {
  return Boolean(attributes[ENCODING] || attributes[REVISION] || attributes[NAME]);
}

/** `fallbackName` stands in for a name that is not there. Throws DataError `avro-bad-attributes`. */
export function topicSchemaOf({ attributes }: Origin, fallbackName: string): TopicSchema {
  const name = attributes[NAME] || fallbackName;
  const revision = attributes[REVISION] ?? "";
  const encoding = attributes[ENCODING] ?? "";
  if (name !== "" && !/^projects\/[^/@\s]{1,255}\/schemas\/[^/@\s]{1,255}$/.test(name)) throw bad(NAME, name);
  if (!/^[A-Za-z0-9-]{0,64}$/.test(revision)) throw bad(REVISION, revision);
  if (encoding !== "BINARY" && encoding !== "JSON" && encoding !== "" && encoding !== "ENCODING_UNSPECIFIED")
    throw bad(ENCODING, encoding);
  return { name, revision, encoding: encoding === "ENCODING_UNSPECIFIED" ? "" : encoding };
}

function bad(attribute: string, value: string): DataError {
  const shown = JSON.stringify(value.slice(0, 60));
  return new DataError("avro-bad-attributes", `The attribute ${attribute} cannot be ${shown}.`);
}
