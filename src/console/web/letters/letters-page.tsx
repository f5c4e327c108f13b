// What could not be delivered: by code and stage, one in full, and the way to send it again.

import { useEffect, useState } from "preact/hooks";

import type { GroupView } from "../api-types.ts";
import { plural } from "../format.ts";
import { versionOf } from "../live-stream.ts";
import { Empty, Note, Shown } from "../parts/states.tsx";
import { useLoad } from "../use-load.ts";
import { GroupPanel } from "./group-panel.tsx";
import { GroupsTable } from "./groups-table.tsx";
import { choiceOf, keyOf, loadOverview, type Overview } from "./letter-api.ts";
import { RedriveQuestion } from "./redrive-question.tsx";

export function LettersPage() {
  const loaded = useLoad("letters", loadOverview, versionOf("deadLetters"));
  const [openKey, setOpenKey] = useState<string>();
  const [asked, ask] = useState<GroupView>();
  useEffect(() => {
    document.title = "Dead letters · Sluice";
  }, []);
  const open = loaded.data?.groups.items.find((group) => keyOf(group) === openKey);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Dead letters</h1>
          <p>
            Events that no retry would have delivered. They wait here until their cause is mended and they are
            redriven.
          </p>
        </div>
      </div>
      <Shown of={loaded} what="dead letters">
        {(data) => <Letters data={data} open={(group) => setOpenKey(keyOf(group))} redrive={ask} />}
      </Shown>
      {open && (
        <GroupPanel
          group={open}
          close={() => setOpenKey(undefined)}
          redrive={() => ask(open)}
          changed={loaded.reload}
        />
      )}
      {asked && (
        <RedriveQuestion
          choice={choiceOf(asked)}
          about={`${plural(asked.open, "letter")} with code ${asked.code}`}
          close={() => {
            ask(undefined);
            loaded.reload();
          }}
        />
      )}
    </>
  );
}

interface LettersProps {
  readonly data: Overview;
  readonly open: (group: GroupView) => void;
  readonly redrive: (group: GroupView) => void;
}

function Letters({ data, open, redrive }: LettersProps) {
  const { groups, redrives } = data;
  const running = redrives.filter(({ state }) => state === "running");
  return (
    <>
      {groups.elsewhere.map(({ pipeline, message }) => (
        <Note key={pipeline} tone="info">
          {message}
        </Note>
      ))}
      {running.map(({ pipeline, read, redriven }) => (
        <Note key={pipeline} tone="info">
          Redriving letters of <span class="strong">{pipeline}</span>: {plural(read, "letter")} read,{" "}
          {redriven} dealt with.
        </Note>
      ))}
      {groups.isPart && (
        <Note tone="info">
          Only the newest 64 MiB are counted here; `sluice dead-letters stats` counts all.
        </Note>
      )}
      {groups.items.length === 0 ? (
        groups.elsewhere.length === 0 && (
          <Empty title="No dead letters">
            Everything so far was delivered, dropped by a rule, or is still on its way.
          </Empty>
        )
      ) : (
        <GroupsTable groups={groups.items} open={open} redrive={redrive} />
      )}
    </>
  );
}
