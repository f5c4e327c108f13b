// The dead-letter codes of `avro-decode`: what each means and what to do. A test keeps them equal to the code.

const otherWriter = "Look for another writer on the topic, or a schema that changed without a revision.";

export const avroDecodeRejects: Readonly<Record<string, string>> = {
  "avro-truncated": `The datum ends too early. ${otherWriter}`,
  "avro-trailing-data": `Bytes follow the datum. ${otherWriter}`,
  "avro-bad-length": `A string, bytes or block has an impossible length. ${otherWriter}`,
  "avro-bad-varint": `A number has more than 64 bits. ${otherWriter}`,
  "avro-bad-union": `A union branch is announced that the schema does not have. ${otherWriter}`,
  "avro-bad-enum": "An enum symbol is not in the schema. Add it, or give the enum a default.",
  "avro-bad-boolean": `A boolean is neither 0 nor 1. ${otherWriter}`,
  "avro-bad-utf8": "A string is not UTF-8. The writer must encode it so.",
  "avro-bad-json": "A field that holds JSON text does not. The writer must mend it.",
  "avro-bad-date": "A date is beyond any calendar.",
  "avro-bad-decimal": "A decimal has more than 1,024 bytes.",
  "avro-not-finite": "A number is NaN or infinite, which JSON cannot say.",
  "avro-int-out-of-range": `An int has more than 32 bits. ${otherWriter}`,
  "avro-long-out-of-range": "A long is beyond 2^53-1 and would lose digits.",
  "avro-too-many-items":
    "The datum announces more items than it can have or than limits allow; it may be an attack.",
  "avro-too-deep": "The datum is nested deeper than limits.maxDepth; it may be an attack.",
  "avro-bad-schema": "The schema that the data was written with cannot be used.",
  "avro-incompatible-schema":
    "What was written cannot be read as the configured schema. Add a default, alias or branch.",
  "avro-schema-not-found":
    "Pub/Sub does not have the schema revision that the message names. Was it deleted?",
  "avro-schema-unsupported": "The topic's schema is not Avro.",
  "avro-bad-attributes": "The message's schema attributes make no sense. Who set them?",
  "avro-bad-single-object": "The body is not in single-object encoding.",
  "avro-unknown-fingerprint":
    "A single-object message was written with a schema that is not known. Add it to writerSchemas.",
  "avro-bad-json-encoding": "The body is not in Avro's JSON encoding of the writer's schema.",
  "gzip-corrupt": "The body begins like gzip, but does not decompress to an event.",
  "gzip-too-large": "The body inflates to more than limits.maxInflatedBytes.",
  "json-invalid": "The body is JSON text with a mistake.",
  "json-too-deep": "The body is JSON nested deeper than an event can be.",
  "json-too-large": "The body is JSON larger than an event can be.",
  "json-not-an-object": "The body is JSON but no object.",
};
