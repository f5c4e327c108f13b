// One LaunchDarkly Data Export event, as its plain JSON document (LaunchDarkly docs, "Streaming Data Export
// schema reference"). Fields are trusted to no type: a customer's SDK of any age wrote them. Unknown fields are
// kept and ignored. Absent and undefined mean the same; null is a value.

export interface ExportEvent {
  readonly project?: unknown;
  /** The environment id, equal to the client-side id. */
  readonly environment?: unknown;
  /** Data Export schema version, 1 or 2. Never branch on it: the documents contradict each other. */
  readonly version?: unknown;
  readonly event?: { readonly [field: string]: unknown };
}
