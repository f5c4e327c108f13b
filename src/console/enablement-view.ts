// What is exported, per environment, and how fresh that knowledge is.

import Type, { type Static } from "typebox";

export const environmentRep = Type.Object({
  project: Type.String({ description: "`*`: any project." }),
  environment: Type.String(),
  allFlags: Type.Boolean(),
  events: Type.Boolean(),
  flagCount: Type.Integer({ description: "Flags that are switched on one by one." }),
  declared: Type.Boolean({ description: "It stands in git or comes from LaunchDarkly." }),
  pipeline: Type.Optional(Type.String({ description: "Whose enablement it is, when it is declared." })),
  source: Type.Union([Type.Literal("git"), Type.Literal("launchdarkly"), Type.Literal("store")], {
    description: "Where the switches stand.",
  }),
  ageMs: Type.Optional(
    Type.Integer({ description: "Milliseconds since LaunchDarkly last said so; absent: not from there." }),
  ),
});
export const enablementRep = Type.Object({
  items: Type.Array(environmentRep),
  launchdarkly: Type.Array(
    Type.Object({
      pipeline: Type.String(),
      ageMs: Type.Optional(
        Type.Integer({ description: "Age of its last good snapshot; absent: none was taken yet." }),
      ),
      failures: Type.Integer({ description: "Polls that failed since then." }),
    }),
    { description: "Pipelines that follow LaunchDarkly's own switches." },
  ),
});

export type EnvironmentView = Static<typeof environmentRep>;
export type EnablementView = Static<typeof enablementRep>;
