import { useState } from "preact/hooks";

import { type ApiFailure, toFailure } from "../api.ts";
import type { DestinationView } from "../api-types.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Note } from "../parts/states.tsx";
import { remove } from "./destination-api.ts";

export interface DeleteQuestionProps {
  readonly destination: DestinationView;
  readonly close: () => void;
  readonly done: () => void;
}

/** Asks once; and once more when a running pipeline sends to it. */
export function DeleteQuestion({ destination, close, done }: DeleteQuestionProps) {
  const [failure, setFailure] = useState<ApiFailure>();
  const [busy, setBusy] = useState(false);
  const isInUse = failure?.status === 409;
  const go = async () => {
    setBusy(true);
    try {
      await remove(destination, isInUse);
      done();
    } catch (error) {
      setFailure(toFailure(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Delete ${destination.name}?`} place="middle" close={close}>
      {failure ? (
        <Note tone="bad">{isInUse ? inUse(destination) : failure.message}</Note>
      ) : (
        <p>
          No more events of <code>{destination._environment}</code> will go there, and its write key is
          forgotten.
        </p>
      )}
      <div class="dialog-foot">
        <button type="button" class="button" onClick={close}>
          Keep it
        </button>
        <button type="button" class="button" data-kind="danger" disabled={busy} onClick={go}>
          {isInUse ? "Delete it all the same" : "Delete"}
        </button>
      </div>
    </Dialog>
  );
}

function inUse({ _pipelines: pipelines }: DestinationView): string {
  const who = pipelines.length === 0 ? "A running pipeline" : pipelines.join(", ");
  return `${who} ${pipelines.length > 1 ? "send" : "sends"} to it. Switch it off first, or delete it all the same: events that are held for it become dead letters then.`;
}
