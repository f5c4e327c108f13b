// Which flags and environments are exported, kept in git: `enablement.yaml`. An environment that is not listed
// exports nothing.

import Type, { type Static } from "typebox";

import type { Enablement, EnvironmentExport, StageProblem } from "../engine/contracts.ts";
import { RunError } from "../engine/errors.ts";

const environmentExport = Type.Object(
  {
    project: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          "LaunchDarkly project id, as in the export's envelope; any project when absent. An entry that names the project wins over one that does not.",
      }),
    ),
    environment: Type.String({
      minLength: 1,
      maxLength: 256,
      description: "LaunchDarkly environment id: the client-side id.",
    }),
    allFlags: Type.Boolean({
      default: false,
      description: "Whether every flag is exported, and every click, page view and custom event too.",
    }),
    events: Type.Boolean({
      default: true,
      description: "Whether click, page view, custom and alias events are exported.",
    }),
    flags: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      default: [],
      maxItems: 200_000,
      description: "Keys of the flags whose evaluations are exported.",
    }),
  },
  { additionalProperties: false },
);

export const enablementFile = Type.Object(
  {
    environments: Type.Array(environmentExport, {
      maxItems: 10_000,
      description: "What is exported, per environment.",
    }),
  },
  { additionalProperties: false, description: "Flags and environments switched on for export." },
);

export type EnablementFile = Static<typeof enablementFile>;

/** What the schema cannot say: one entry for each project and environment, each flag once. */
export function* checkEnablement(file: EnablementFile): Iterable<StageProblem> {
  const firstOf = new Map<string, number>();
  for (const [index, { project, environment, flags }] of file.environments.entries()) {
    const key = JSON.stringify([project, environment]);
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, index);
    else
      yield {
        path: ["environments", index, "environment"],
        code: "not-unique",
        message: `this environment is already entry ${first + 1} of this file; join the two`,
      };
    yield* repeatedFlags(flags, index);
  }
}

function* repeatedFlags(flags: readonly string[], index: number): Iterable<StageProblem> {
  const seen = new Set<string>();
  for (const [at, flag] of flags.entries()) {
    if (seen.has(flag))
      yield {
        path: ["environments", index, "flags", at],
        code: "not-unique",
        message: `the flag ${flag} is listed twice`,
      };
    seen.add(flag);
  }
}

/** An enablement that can say what is in it. */
export interface ListedEnablement extends Enablement {
  list(): readonly ListedEnvironment[];
}

export interface ListedEnvironment {
  /** Undefined: any project. */
  readonly project: string | undefined;
  readonly environment: string;
  readonly exported: EnvironmentExport;
}

/** Takes a file whose defaults are filled in. Throws RunError on a problem. */
export function declaredEnablement(file: EnablementFile): ListedEnablement {
  for (const problem of checkEnablement(file))
    throw new RunError(problem.code, `${problem.path.join(".")}: ${problem.message}`);
  return enablementIndex(
    file.environments.map(({ project, environment, allFlags, events, flags }) => ({
      project,
      environment,
      exported: { allFlags, events, flags: new Set(flags) },
    })),
  );
}

/** An entry that names the project wins over one that does not. */
export function enablementIndex(list: readonly ListedEnvironment[]): ListedEnablement {
  const anyProject = new Map<string, EnvironmentExport>();
  const byProject = new Map<string, Map<string, EnvironmentExport>>();
  for (const { project, environment, exported } of list) {
    if (project === undefined) anyProject.set(environment, exported);
    else {
      const projects = byProject.get(environment) ?? new Map<string, EnvironmentExport>();
      byProject.set(environment, projects.set(project, exported));
    }
  }
  return {
    list: () => list,
    forEnvironment: (project, environment) =>
      byProject.get(environment)?.get(project) ?? anyProject.get(environment),
  };
}

/** What `enablement` lists; nothing for one that cannot say. */
export function listed(enablement: Enablement): ListedEnablement {
  return isListed(enablement) ? enablement : { ...enablement, list: () => [] };
}

function isListed(enablement: Enablement): enablement is ListedEnablement {
  return "list" in enablement;
}
