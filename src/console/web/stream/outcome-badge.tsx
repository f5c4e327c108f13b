import { Badge, type Tone } from "../parts/badge.tsx";

const TONES: Readonly<Record<string, Tone>> = { delivered: "ok", dropped: "quiet", "dead-lettered": "bad" };

export function OutcomeBadge({ outcome }: { readonly outcome: string }) {
  return <Badge tone={TONES[outcome] ?? "info"} word={outcome.charAt(0).toUpperCase() + outcome.slice(1)} />;
}
