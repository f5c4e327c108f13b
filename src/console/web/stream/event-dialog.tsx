// One event: as LaunchDarkly exported it, beside what Segment got of it.

import type { RecentEvent } from "../api-types.ts";
import { bytes, time } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Facts } from "../parts/facts.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";

export function EventDialog({ event, close }: { readonly event: RecentEvent; readonly close: () => void }) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Record", event.id],
    ["Event", event.eventId],
    ["Message id", event.messageId],
    ["Environment", event.environment],
    ["Destination", event.destination],
    ["Stage", event.stage],
    ["Why", [event.reason, event.detail].filter(Boolean).join(": ") || undefined],
    ["Time", time(event.at)],
    ["Size", `${bytes(event.bytes)}, attempt ${event.attempt}`],
  ];
  return (
    <Dialog title={`${event.kind ?? "Event"} ${event.key ?? ""}`} place="side" wide close={close}>
      <div class="row spread">
        <OutcomeBadge outcome={event.outcome} />
        <a class="button" href={`/trace?id=${encodeURIComponent(event.eventId ?? event.id)}`}>
          Trace it
        </a>
      </div>
      <Facts of={facts} />
      <div class="beside">
        <Document
          title="Export event"
          value={event.exportEvent}
          none="It was not decoded, or is too large to show."
        />
        <Document title="Segment event" value={event.segmentEvent} none="None was made of it." />
      </div>
    </Dialog>
  );
}

function Document({
  title,
  value,
  none,
}: {
  readonly title: string;
  readonly value: unknown;
  readonly none: string;
}) {
  return (
    <section class="section" aria-label={title}>
      <h2>{title}</h2>
      {value === undefined ? (
        <p class="muted">{none}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it for that.
        <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
      )}
    </section>
  );
}
