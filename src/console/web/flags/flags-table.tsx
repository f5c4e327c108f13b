import { toFailure } from "../api.ts";
import type { EnvironmentView, FlagView } from "../api-types.ts";
import { compact, count } from "../format.ts";
import { versionOf } from "../live-stream.ts";
import { say } from "../parts/announce.tsx";
import { Empty, Note, Shown } from "../parts/states.tsx";
import { Switch } from "../parts/switch.tsx";
import { useLoad } from "../use-load.ts";
import { type SeenCounts, seenKey, useSeenCounts } from "./use-seen-counts.ts";
import { entriesOf, Origin, originTitle } from "./environment-switches.tsx";
import { FLAGS_SHOWN, loadFlags, nameOf, type Place, switchFlag } from "./flag-api.ts";

export interface FlagsTableProps {
  readonly place: Place;
  readonly items: readonly EnvironmentView[];
  readonly search: string;
}

const KEY = /^[A-Za-z0-9._-]{1,256}$/;

export function FlagsTable({ place, items, search }: FlagsTableProps) {
  const loaded = useLoad(
    JSON.stringify([place.project, place.environment, search]),
    (signal) => loadFlags(place, search, signal),
    versionOf("flags"),
  );
  const seen = useSeenCounts(loaded.atMs);
  const here = entriesOf(items, place);
  const source = here.find(({ declared }) => declared)?.source ?? "git";
  const set = async (flag: string, on: boolean) => {
    try {
      await switchFlag(place, flag, on);
      say(`${flag} is ${on ? "exported" : "not exported any more"}.`);
    } catch (error) {
      say(`${flag} could not be switched: ${toFailure(error).message}`);
    }
    loaded.reload();
  };
  return (
    <Shown of={loaded} what="flags">
      {({ items: flags, totalCount }) => (
        <>
          {here.some(({ allFlags }) => allFlags) && (
            <Note tone="info">All flags are exported. The switches below count again when that is off.</Note>
          )}
          {flags.length === 0 ? (
            <NoFlags place={place} search={search} set={set} />
          ) : (
            <Flags flags={flags} seen={seen} place={place} source={source} set={set} />
          )}
          {totalCount > FLAGS_SHOWN && (
            <p class="muted">
              The first {count(FLAGS_SHOWN)} of {count(totalCount)} flags. Search to see the others.
            </p>
          )}
        </>
      )}
    </Shown>
  );
}

type Set = (flag: string, on: boolean) => Promise<void>;

function Flags(props: {
  readonly flags: readonly FlagView[];
  readonly seen: SeenCounts;
  readonly place: Place;
  readonly source: EnvironmentView["source"];
  readonly set: Set;
}) {
  const { flags, seen, place, source, set } = props;
  return (
    <div class="table-wrap">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Flag</th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Dropped while off
            </th>
            <th scope="col">Export</th>
          </tr>
        </thead>
        <tbody>
          {flags.map(({ key, environments }) => {
            const one = environments[place.environment];
            const counts = seen.get(seenKey(place.environment, key));
            const isDeclared = one?._declared ?? false;
            return (
              <tr key={key}>
                <th scope="row">
                  <span class="row">
                    <code class="wrap-anywhere">{key}</code>
                    {isDeclared && <Origin source={source} />}
                  </span>
                </th>
                <td data-name="Delivered" class="number">
                  {compact(counts?.delivered ?? one?._delivered ?? 0)}
                </td>
                <td data-name="Dropped while off" class="number">
                  {compact(counts?.dropped ?? one?._dropped ?? 0)}
                </td>
                <td data-name="Export">
                  <Switch
                    on={one?.trackEvents ?? false}
                    label={`Export ${key}`}
                    disabled={isDeclared}
                    {...(isDeclared ? { title: originTitle(source) } : {})}
                    change={(on) => set(key, on)}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function NoFlags({
  place,
  search,
  set,
}: {
  readonly place: Place;
  readonly search: string;
  readonly set: Set;
}) {
  if (search === "")
    return (
      <Empty title="No flags seen yet">
        Flags appear here when an event of <code>{nameOf(place)}</code> names them, or when they are switched
        on. To switch one on before that, type its key into the search.
      </Empty>
    );
  const isKey = KEY.test(search);
  return (
    <Empty
      title={`No known flag has “${search}” in its key`}
      action={
        isKey && (
          <button type="button" class="button" onClick={() => set(search, true)}>
            Export {search}
          </button>
        )
      }
    >
      {isKey
        ? "A flag that was not seen yet can be switched on all the same."
        : "A flag key has letters, digits, . _ and - only."}
    </Empty>
  );
}
