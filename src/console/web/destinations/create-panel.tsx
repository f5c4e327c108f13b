import { say } from "../parts/announce.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Note } from "../parts/states.tsx";
import { Switch } from "../parts/switch.tsx";
import { create } from "./destination-api.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { EMPTY } from "./destination-form.ts";
import { useDestinationForm } from "./use-destination-form.ts";

export interface CreatePanelProps {
  readonly environments: readonly string[];
  readonly close: () => void;
  readonly done: (id: string) => void;
}

export function CreatePanel({ environments, close, done }: CreatePanelProps) {
  const { values, errors, failure, busy, set, submit } = useDestinationForm({
    initial: { ...EMPTY, environment: environments.length === 1 ? (environments[0] ?? "") : "" },
    isNew: true,
    send: (body, place) => create(place, body),
    done: ({ _id, name }) => {
      say(`${name} was created.`);
      done(_id);
    },
  });
  return (
    <Dialog title="New destination" place="side" close={close}>
      <form class="stack" noValidate onSubmit={submit}>
        <DestinationFields values={values} errors={errors} set={set} environments={environments} />
        <div class="row">
          <Switch on={values.on} label="Send events to it at once" change={(on) => set({ on })} />
          <span>Send events to it at once</span>
        </div>
        {failure !== undefined && <Note tone="bad">{failure}</Note>}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button" data-kind="primary" disabled={busy}>
            {busy ? "Creating…" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
