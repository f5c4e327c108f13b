import { readFileSync } from "node:fs";

/** The four documented example events of "Twilio Segment for Data Export". */
export const EXAMPLES = ["feature", "click", "custom", "page"] as const;
export type Example = (typeof EXAMPLES)[number];

type Json = Record<string, unknown>;

const read = (path: string): Json =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));

/** The event as LaunchDarkly would export it. */
export const exported = (name: Example): Json => read(`test/fixtures/export/${name}.json`);
/** What is sent to Segment for it, to the destination `segment-production`. */
export const sent = (name: Example): Json => read(`test/fixtures/segment/${name}.json`);
/** What the page shows: the event in Segment's Debugger. */
export const documented = (name: Example): Json => read(`schemas/segment/examples/${name}.json`);
