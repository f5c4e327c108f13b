import type { GroupView } from "../api-types.ts";
import { count, time } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { keyOf } from "./letter-api.ts";

export interface GroupsTableProps {
  readonly groups: readonly GroupView[];
  readonly open: (group: GroupView) => void;
  readonly redrive: (group: GroupView) => void;
}

export function GroupsTable({ groups, open, redrive }: GroupsTableProps) {
  return (
    <div class="table-wrap">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Failed in</th>
            <th scope="col">Missed by</th>
            <th scope="col">Pipeline</th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number">
              All
            </th>
            <th scope="col">Last</th>
            <th scope="col">
              <span class="visually-hidden">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={keyOf(group)}>
              <th scope="row">
                <button type="button" class="link" onClick={() => open(group)}>
                  <code>{group.code}</code>
                </button>
              </th>
              <td data-name="Failed in">
                <code>{group.stage}</code>
              </td>
              <td data-name="Missed by">
                {group.destination === undefined ? (
                  <span class="muted">every destination</span>
                ) : (
                  <code class="wrap-anywhere">{group.destination}</code>
                )}
              </td>
              <td data-name="Pipeline" class="wrap-anywhere">
                {group.pipeline}
              </td>
              <td data-name="Waiting" class="number">
                {group.open === 0 ? <Badge tone="ok" word="none" /> : count(group.open)}
              </td>
              <td data-name="All" class="number">
                {count(group.letters)}
              </td>
              <td data-name="Last" class="nowrap">
                {time(group.last)}
              </td>
              <td class="actions">
                <button
                  type="button"
                  class="button"
                  disabled={group.open === 0}
                  aria-label={`Redrive letters with code ${group.code}`}
                  onClick={() => redrive(group)}
                >
                  Redrive…
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
