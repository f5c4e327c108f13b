// Destinations kept in git: `destinations.yaml`. The loader resolves references and checks the file against
// `destinationsFile`; here it becomes what the engine and the stages ask.

import Type, { type Static } from "typebox";

import { SecretText, type Secret } from "../config/secret.ts";
import type { Destination, Destinations, StageProblem } from "../engine/contracts.ts";
import { RunError } from "../engine/errors.ts";
import { destinationIndex } from "./destination-index.ts";
import { segmentConfigOf, segmentSettings } from "./segment-settings.ts";

export const ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

const segmentConfig = Type.Object(
  {
    writeKey: SecretText({
      maxLength: 256,
      description: `The write key of the Segment source, as a reference: \${SEGMENT_WRITE_KEY} or \${file:/run/secrets/segment}. Segment shows it under Sources, API Keys.`,
    }),
    ...segmentSettings,
  },
  { additionalProperties: false },
);

const destination = Type.Object(
  {
    id: Type.String({
      pattern: ID_PATTERN,
      description:
        "Stable name in logs, metrics and dead letters. It is part of every messageId: after a change, Segment takes events sent before and after for different ones.",
    }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "For people; the id when absent." }),
    ),
    project: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "LaunchDarkly project id, as in the export's envelope; any project when absent.",
      }),
    ),
    environment: Type.String({
      minLength: 1,
      maxLength: 256,
      description: "LaunchDarkly environment id: the client-side id.",
    }),
    kind: Type.Literal("segment", { default: "segment", description: "Segment is the only kind so far." }),
    on: Type.Boolean({ default: true, description: "Whether events are sent to it." }),
    config: segmentConfig,
  },
  { additionalProperties: false },
);

export const MAX_DESTINATIONS = 1_000;

export const destinationsFile = Type.Object(
  {
    destinations: Type.Array(destination, {
      maxItems: MAX_DESTINATIONS,
      description: "Who gets the events of which environment.",
    }),
  },
  { additionalProperties: false, description: "Declared Segment destinations." },
);

export type DestinationsFile = Static<typeof destinationsFile>;
type DeclaredDestination = DestinationsFile["destinations"][number];
type DeclaredConfig = Omit<DeclaredDestination["config"], "writeKey"> & {
  writeKey: string | Pick<Secret, "reveal">;
};

/** What the schema cannot say: ids are unique, region and endpoint exclude each other. */
export function* checkDestinations(file: DestinationsFile): Iterable<StageProblem> {
  const firstOf = new Map<string, number>();
  for (const [index, { id, config }] of file.destinations.entries()) {
    const first = firstOf.get(id);
    if (first === undefined) firstOf.set(id, index);
    else
      yield {
        path: ["destinations", index, "id"],
        code: "not-unique",
        message: `the id ${id} is already that of destination ${first + 1} of this file`,
      };
    if (config.region !== undefined && config.endpoint !== undefined)
      yield {
        path: ["destinations", index, "config", "endpoint"],
        code: "region-and-endpoint",
        message: "region and endpoint exclude each other; keep the one that is meant",
      };
  }
}

/** Takes a file whose references are resolved and whose defaults are filled in. Throws RunError on a problem. */
export function declaredDestinations(file: DestinationsFile): Destinations {
  for (const problem of checkDestinations(file))
    throw new RunError(problem.code, `${problem.path.join(".")}: ${problem.message}`);
  return destinationIndex(file.destinations.map(toDestination));
}

function toDestination(declared: DeclaredDestination): Destination {
  const config: DeclaredConfig = declared.config;
  const { writeKey } = config;
  return {
    id: declared.id,
    name: declared.name ?? declared.id,
    project: declared.project,
    environment: declared.environment,
    kind: declared.kind,
    on: declared.on,
    version: 1,
    config: segmentConfigOf(config, typeof writeKey === "string" ? () => writeKey : () => writeKey.reveal()),
  };
}
