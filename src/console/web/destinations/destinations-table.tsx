import { toFailure } from "../api.ts";
import type { DestinationView } from "../api-types.ts";
import { compact, perSecond } from "../format.ts";
import { say } from "../parts/announce.tsx";
import { Badge } from "../parts/badge.tsx";
import { Switch } from "../parts/switch.tsx";
import { change, type DestinationRow } from "./destination-api.ts";
import { retriesText, stateOf } from "./destination-state.ts";

export interface DestinationsTableProps {
  readonly rows: readonly DestinationRow[];
  readonly rateOf: (id: string) => number | undefined;
  readonly reload: () => void;
}

export function DestinationsTable({ rows, rateOf, reload }: DestinationsTableProps) {
  return (
    <div class="table-wrap">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Environment</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">
              Rate
            </th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col">Errors</th>
            <th scope="col">Export</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.destination._id} row={row} rate={rateOf(row.destination._id)} reload={reload} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: DestinationRow;
  readonly rate: number | undefined;
  readonly reload: () => void;
}

function Row({ row, rate, reload }: RowProps) {
  const { destination, status } = row;
  const { tone, word, meaning } = stateOf(row);
  const errors = retriesText(status?.retried ?? {});
  return (
    <tr>
      <th scope="row">
        <span class="row">
          <a class="wrap-anywhere" href={`/destinations/${encodeURIComponent(destination._id)}`}>
            {destination.name}
          </a>
          {destination._declared && <span class="chip">in git</span>}
        </span>
      </th>
      <td data-name="Environment">
        <code class="wrap-anywhere">{destination._environment}</code>
      </td>
      <td data-name="Status">
        <Badge tone={tone} word={word} title={meaning} />
      </td>
      <td data-name="Rate" class="number">
        {rate === undefined ? <span class="muted">–</span> : perSecond(rate)}
      </td>
      <td data-name="Delivered" class="number">
        {compact(status?.delivered ?? 0)}
      </td>
      <td data-name="Waiting" class="number">
        {compact(status?.waiting ?? 0)}
      </td>
      <td data-name="Errors">
        {errors === "" ? <span class="muted">none</span> : <span class="wrap-anywhere">{errors}</span>}
      </td>
      <td data-name="Export">
        <OnOff destination={destination} reload={reload} />
      </td>
    </tr>
  );
}

export function OnOff({
  destination,
  reload,
}: {
  readonly destination: DestinationView;
  readonly reload: () => void;
}) {
  const { name, on, _declared } = destination;
  return (
    <Switch
      on={on}
      label={`Send events to ${name}`}
      disabled={_declared}
      {...(_declared ? { title: "Declared in git: change it there." } : {})}
      change={async (next) => {
        try {
          await change(destination, { on: next });
          say(`${name} is ${next ? "on" : "off"}.`);
        } catch (error) {
          say(`${name} could not be switched: ${toFailure(error).message}`);
        }
        reload();
      }}
    />
  );
}
