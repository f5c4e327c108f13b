// What a change of a definition means, by how much it hurts when nobody noticed it.

/** In this order they are told. */
export const severities = ["privacy", "loss", "duplicates", "reprocessing", "content", "delivery"] as const;
export type Severity = (typeof severities)[number];

export const meanings: Readonly<Record<Severity, string>> = {
  privacy: "personal data that was kept back may leave",
  loss: "events that arrived may not arrive any more, or others may",
  duplicates: "events that are sent again get other message ids: Segment cannot collapse them",
  reprocessing: "what was read, or how far, counts no longer",
  content: "the same events look different",
  delivery: "the same events arrive otherwise: rates, limits, places",
};

export interface Change {
  readonly severity: Severity;
  /** Which part: `transform filter`, `destination production`. */
  readonly where: string;
  readonly what: string;
  /** What follows from it. */
  readonly so: string;
}
