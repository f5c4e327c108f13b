// The letters of one code and stage; one of them in full.

import { useState } from "preact/hooks";

import type { GroupView, LetterView } from "../api-types.ts";
import { bytes, plural, time } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Empty, Shown } from "../parts/states.tsx";
import { useLoad } from "../use-load.ts";
import { keyOf, LETTERS_SHOWN, loadLetters } from "./letter-api.ts";
import { LetterInFull } from "./letter-in-full.tsx";

export interface GroupPanelProps {
  readonly group: GroupView;
  readonly close: () => void;
  readonly redrive: () => void;
  readonly changed: () => void;
}

export function GroupPanel({ group, close, redrive, changed }: GroupPanelProps) {
  const loaded = useLoad(`${keyOf(group)} ${group.open}`, (signal) => loadLetters(group, signal));
  const [letter, setLetter] = useState<LetterView>();
  return (
    <Dialog title={group.code} place="side" close={close}>
      {letter ? (
        <LetterInFull letter={letter} back={() => setLetter(undefined)} changed={changed} />
      ) : (
        <>
          <div class="row spread">
            <span class="muted">
              {plural(group.open, "letter waits", "letters wait")} in <code>{group.stage}</code>
              {group.destination !== undefined && (
                <>
                  , missed by <code>{group.destination}</code>
                </>
              )}
            </span>
            <button type="button" class="button" disabled={group.open === 0} onClick={redrive}>
              Redrive these…
            </button>
          </div>
          <Shown of={loaded} what="letters">
            {(letters) => <List letters={letters} open={setLetter} />}
          </Shown>
        </>
      )}
    </Dialog>
  );
}

function List({
  letters,
  open,
}: {
  readonly letters: readonly LetterView[];
  readonly open: (one: LetterView) => void;
}) {
  if (letters.length === 0) return <Empty title="None waits">All letters of this kind were redriven.</Empty>;
  return (
    <>
      <ul class="plain-list">
        {letters.map((letter) => (
          <li key={letter.place}>
            <button type="button" class="line" onClick={() => open(letter)}>
              <span class="row spread">
                <code class="wrap-anywhere">{letter.id}</code>
                <span class="muted small nowrap">
                  {time(letter.failedAt)} · {bytes(letter.bodyBytes)}
                </span>
              </span>
              <span class="wrap-anywhere">{letter.message}</span>
            </button>
          </li>
        ))}
      </ul>
      {letters.length === LETTERS_SHOWN && <p class="muted">The newest {LETTERS_SHOWN} are shown.</p>}
    </>
  );
}
