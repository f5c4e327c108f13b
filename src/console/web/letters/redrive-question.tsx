// Asks, tries without sending when that is wanted, sends, and says what became of it.

import { useState } from "preact/hooks";

import { type ApiFailure, toFailure } from "../api.ts";
import type { RedriveAnswer } from "../api-types.ts";
import { plural } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Failure, Note } from "../parts/states.tsx";
import { versionOf } from "../live-stream.ts";
import { useLoad } from "../use-load.ts";
import { beginRedrive, type Choice, loadRedrive } from "./letter-api.ts";

export interface RedriveQuestionProps {
  readonly choice: Choice;
  readonly about: string;
  readonly close: () => void;
}

export function RedriveQuestion({ choice, about, close }: RedriveQuestionProps) {
  const [begun, setBegun] = useState<RedriveAnswer>();
  const [failure, setFailure] = useState<ApiFailure>();
  const looked = useLoad(
    `redrive ${begun?.startedAt ?? ""}`,
    (signal) => (begun ? loadRedrive(choice.pipeline, signal) : Promise.resolve(undefined)),
    begun ? versionOf("deadLetters") : undefined,
  );
  const now = looked.data?.startedAt === begun?.startedAt ? (looked.data ?? begun) : begun;
  const isBusy = now?.state === "running";
  const isOver = now !== undefined && !isBusy && !now.dryRun;
  const go = async (dryRun: boolean) => {
    setFailure(undefined);
    try {
      setBegun(await beginRedrive(choice, dryRun));
    } catch (error) {
      setFailure(toFailure(error));
    }
  };
  return (
    <Dialog title="Redrive" place="middle" close={close}>
      <p>
        Sends {about} through <span class="strong">{choice.pipeline}</span> again, only to the destinations
        that missed the event, with the same message ids. What fails again becomes a new letter.
      </p>
      {failure && <Failure failure={failure} />}
      {now && <Result of={now} />}
      <div class="dialog-foot">
        <button type="button" class="button" onClick={close}>
          {isOver ? "Close" : "Cancel"}
        </button>
        {!isOver && (
          <>
            <button type="button" class="button" disabled={isBusy} onClick={() => go(true)}>
              Try without sending
            </button>
            <button
              type="button"
              class="button"
              data-kind="primary"
              disabled={isBusy}
              onClick={() => go(false)}
            >
              {isBusy ? "Redriving…" : "Redrive"}
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Result({ of }: { readonly of: RedriveAnswer }) {
  const { state, dryRun, redriven, delivered, dropped, failedAgain, left, error } = of;
  const waiting = Object.entries(left).filter(([, n]) => n > 0);
  if (state === "failed") return <Note tone="bad">It failed: {error}</Note>;
  const would = dryRun ? " would be" : "";
  const isGood = failedAgain === 0 && waiting.length === 0;
  return (
    <Note tone={state === "running" ? "info" : isGood ? "ok" : "warn"}>
      <p class="strong">
        {state === "running" ? "Under way: " : dryRun ? "Nothing was sent. " : "Done. "}
        {plural(redriven, "letter")}
        {dryRun ? " would be dealt with." : " dealt with."}
      </p>
      <ul class="dots">
        <li>
          {plural(delivered, "event")}
          {would} delivered, {dropped}
          {would} dropped by a rule
        </li>
        {failedAgain > 0 && (
          <li>
            {failedAgain}
            {dryRun ? " would fail again" : " failed again: new letters"}
          </li>
        )}
        {waiting.map(([reason, n]) => (
          <li key={reason}>
            {plural(n, "letter waits", "letters wait")} still: {reason}
          </li>
        ))}
      </ul>
    </Note>
  );
}
