// A flag as LaunchDarkly's REST API shows one, as far as its export goes; what Sluice knows beyond that begins with `_`.

import Type, { type Static } from "typebox";

import type { FlagInEnvironment } from "./known-flags.ts";

const environmentRep = Type.Object({
  trackEvents: Type.Boolean({
    description: "Whether evaluations of the flag are exported from this environment.",
  }),
  _declared: Type.Boolean({
    description: "It is on in git or at LaunchDarkly, and cannot be switched off here.",
  }),
  _delivered: Type.Integer({ description: "Events delivered since the start." }),
  _dropped: Type.Integer({ description: "Events dropped since the start because the flag was off." }),
});

export const flagRep = Type.Object({
  key: Type.String(),
  name: Type.String(),
  kind: Type.String(),
  _links: Type.Object({ self: Type.Object({ href: Type.String(), type: Type.String() }) }),
  environments: Type.Record(Type.String(), environmentRep),
});

export const flagsRep = Type.Object({
  _links: Type.Object({ self: Type.Object({ href: Type.String(), type: Type.String() }) }),
  totalCount: Type.Integer(),
  items: Type.Array(flagRep),
});

export type FlagView = Static<typeof flagRep>;
export type FlagsView = Static<typeof flagsRep>;

export function flagView(
  project: string,
  key: string,
  places: ReadonlyMap<string, FlagInEnvironment>,
): FlagView {
  const href = `/api/v2/flags/${encodeURIComponent(project)}/${encodeURIComponent(key)}`;
  return {
    key,
    name: key,
    kind: "boolean",
    _links: { self: { href, type: "application/json" } },
    environments: Object.fromEntries(
      [...places].map(([environment, { on, declared, delivered, dropped }]) => [
        environment,
        { trackEvents: on, _declared: declared, _delivered: delivered, _dropped: dropped },
      ]),
    ),
  };
}
