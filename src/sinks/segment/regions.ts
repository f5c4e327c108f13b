// Where Segment takes events (Segment docs, "Regional Segment"). A workspace lives in one region: events sent
// to the other one vanish, with an error at best and behind a 200 at worst.

export const US_ENDPOINT = "https://api.segment.io";
export const EU_ENDPOINT = "https://events.eu1.segmentapis.com";

export const REGION_ENDPOINTS = { us: US_ENDPOINT, eu: EU_ENDPOINT } as const;
export type Region = keyof typeof REGION_ENDPOINTS;
