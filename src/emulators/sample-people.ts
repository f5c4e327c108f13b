// Invented people, and the ways in which SDKs of each age say whom an event is about.

import { pick, type Random } from "./sample-random.ts";

const NAMES = ["Ada", "Grace", "Zoë", "José", "李雷", "Ольга", "Amara", "Kenji", "Priya", "Søren"];

export interface SamplePerson {
  readonly key: string;
  readonly name: string;
  readonly email: string;
}

/** One of 5,000, so that the same people come back. */
export function samplePerson(random: Random): SamplePerson {
  const serial = Math.floor(random() * 5_000);
  const name = NAMES[serial % NAMES.length]!;
  return { key: `user-${serial}`, name, email: `user-${serial}@example.com` };
}

/** The fields of an event that say whom it is about. */
export function whoFields(random: Random): Readonly<Record<string, unknown>> {
  const { key, name } = samplePerson(random);
  const anonymous = `anon-${Math.floor(random() * 1e9).toString(36)}`;
  const organization = pick(random, ["acme", "globex", "initech"]);
  const share = random();
  // Context-aware SDKs.
  if (share < 0.35) return { contextKeys: { user: key } };
  if (share < 0.5) return { contextKeys: { user: key, anonymousUser: anonymous } };
  if (share < 0.65) return { context: { kind: "user", key, name, plan: "plus" } };
  if (share < 0.75)
    return {
      contextKeys: { user: key, organization },
      context: { kind: "multi", user: { key, name }, organization: { key: organization, tier: 3 } },
    };
  if (share < 0.82) return { context: { kind: "user", key: anonymous, anonymous: true } };
  // Users-only SDKs.
  if (share < 0.92) return { userKey: key };
  if (share < 0.96) return { userKey: anonymous, contextKind: "anonymousUser" };
  return { user: { key, name, custom: { groups: ["beta"] } } };
}
