// A sample of the last events, with what became of each.

import { useMemo, useState } from "preact/hooks";

import type { RecentEvent } from "../api-types.ts";
import { time } from "../format.ts";
import { Field, Select } from "../parts/field.tsx";
import { Empty } from "../parts/states.tsx";
import { EventDialog } from "./event-dialog.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";

const SHOWN = 60;
const OUTCOMES = [
  { value: "", label: "All" },
  { value: "delivered", label: "Delivered" },
  { value: "dropped", label: "Dropped" },
  { value: "dead-lettered", label: "Dead-lettered" },
];

export function EventsSection({ events }: { readonly events: readonly RecentEvent[] }) {
  const [outcome, setOutcome] = useState("");
  const [kind, setKind] = useState("");
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<RecentEvent>();
  const kinds = useMemo(() => [...new Set(events.flatMap((one) => one.kind ?? []))].sort(), [events]);
  const needle = search.trim().toLowerCase();
  const found = events.filter(
    (event) =>
      (outcome === "" || event.outcome === outcome) &&
      (kind === "" || event.kind === kind) &&
      (needle === "" || textOf(event).includes(needle)),
  );
  return (
    <section class="section" aria-label="Last events">
      <div class="stack-tight">
        <h2>Last events</h2>
        <p class="muted small">A sample: at most five a second of each outcome.</p>
      </div>
      <div class="filters">
        <Select label="Outcome" value={outcome} options={OUTCOMES} change={setOutcome} />
        <Select
          label="Kind"
          value={kind}
          options={[{ value: "", label: "All" }, ...kinds.map((one) => ({ value: one, label: one }))]}
          change={setKind}
        />
        <Field
          label="Search"
          wide
          type="search"
          placeholder="Key, id, reason, destination"
          value={search}
          change={setSearch}
        />
      </div>
      {found.length === 0 ? (
        <Empty title={events.length === 0 ? "No events yet" : "None fits"}>
          {events.length === 0
            ? "They appear as soon as one is delivered, dropped or dead-lettered."
            : "None of the last events fits what you are looking for."}
        </Empty>
      ) : (
        <EventsTable events={found.slice(0, SHOWN)} open={setOpen} />
      )}
      {open && <EventDialog event={open} close={() => setOpen(undefined)} />}
    </section>
  );
}

interface EventsTableProps {
  readonly events: readonly RecentEvent[];
  readonly open: (event: RecentEvent) => void;
}

function EventsTable({ events, open }: EventsTableProps) {
  return (
    <div class="table-wrap events">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Outcome</th>
            <th scope="col">Why or where</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.seq}>
              <th scope="row">
                <button type="button" class="link wrap-anywhere" onClick={() => open(event)}>
                  {event.kind ?? "not decoded"} {event.key !== undefined && <code>{event.key}</code>}
                </button>
              </th>
              <td data-name="Outcome">
                <OutcomeBadge outcome={event.outcome} />
              </td>
              <td data-name="Why or where" class="wrap-anywhere">
                {whyOf(event)}
              </td>
              <td data-name="Time" class="nowrap">
                {time(event.at)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function whyOf({ outcome, destination, reason, detail }: RecentEvent): string {
  if (outcome === "delivered") return destination ?? "";
  return [reason, detail].filter((part) => part !== undefined && part !== "").join(": ");
}

function textOf(event: RecentEvent): string {
  const { id, kind, key, eventId, environment, messageId, destination, stage, reason, detail } = event;
  return [id, kind, key, eventId, environment, messageId, destination, stage, reason, detail]
    .join(" ")
    .toLowerCase();
}
