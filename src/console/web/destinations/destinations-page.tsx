// The list of destinations. A panel for one of them stands in the address, so that it can be linked to.

import { useLocation, useRoute } from "preact-iso";
import { useEffect } from "preact/hooks";

import { snapshot, versionOf } from "../live-stream.ts";
import { Icon } from "../parts/icons.tsx";
import { Empty, Shown } from "../parts/states.tsx";
import { type Loaded, useLoad } from "../use-load.ts";
import { CreatePanel } from "./create-panel.tsx";
import { type DestinationRow, loadDestinations } from "./destination-api.ts";
import { DestinationPanel } from "./destination-panel.tsx";
import { DestinationsTable } from "./destinations-table.tsx";
import { liveRow, rateIn } from "./live-row.ts";

export function DestinationsPage() {
  const loaded = useLoad("destinations", loadDestinations, versionOf("destinations"));
  const pipelines = snapshot.value?.pipelines ?? [];
  const rateOf = (id: string) => rateIn(pipelines, id);
  useEffect(() => {
    document.title = "Destinations · Sluice";
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Destinations</h1>
          <p>Segment sources that receive the events of a LaunchDarkly environment.</p>
        </div>
        <NewButton />
      </div>
      <Shown of={loaded} what="destinations">
        {(loadedRows) => {
          const rows = loadedRows.map((row) => liveRow(row, pipelines));
          return rows.length === 0 ? (
            <Empty title="No destinations yet" action={<NewButton />}>
              Until there is one for an environment, its events are dropped and counted as{" "}
              <code>no-destination</code>. You need the write key of a Segment source, and the client-side id
              of the LaunchDarkly environment.
            </Empty>
          ) : (
            <DestinationsTable rows={rows} rateOf={rateOf} reload={loaded.reload} />
          );
        }}
      </Shown>
      <Panel loaded={loaded} />
    </>
  );
}

function NewButton() {
  return (
    <a class="button" data-kind="primary" href="/destinations/new">
      <Icon name="plus" />
      New destination
    </a>
  );
}

function Panel({ loaded }: { readonly loaded: Loaded<DestinationRow[]> }) {
  const { params } = useRoute();
  const { route } = useLocation();
  const id = params["id"];
  const close = () => route("/destinations");
  if (!id) return null;
  if (id === "new") {
    const environments = [...new Set(loaded.data?.map(({ destination }) => destination._environment))];
    return (
      <CreatePanel
        environments={environments}
        close={close}
        done={(made) => {
          loaded.reload();
          route(`/destinations/${made}`);
        }}
      />
    );
  }
  const row = loaded.data?.find(({ destination }) => destination._id === id);
  const live = row && liveRow(row, snapshot.value?.pipelines ?? []);
  return loaded.data && <DestinationPanel id={id} row={live} close={close} reload={loaded.reload} />;
}
