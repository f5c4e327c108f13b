import { useState } from "preact/hooks";

import type { LetterView, WholeLetterView } from "../api-types.ts";
import { bytes, time } from "../format.ts";
import { Facts } from "../parts/facts.tsx";
import { Shown } from "../parts/states.tsx";
import { useLoad } from "../use-load.ts";
import { loadLetter } from "./letter-api.ts";
import { RedriveQuestion } from "./redrive-question.tsx";

export interface LetterInFullProps {
  readonly letter: LetterView;
  readonly back: () => void;
  readonly changed: () => void;
}

export function LetterInFull({ letter, back, changed }: LetterInFullProps) {
  const loaded = useLoad(letter.place, (signal) => loadLetter(letter, signal));
  const [isAsked, ask] = useState(false);
  const { pipeline, code, stage, destination, id } = letter;
  return (
    <>
      <div class="row spread">
        <button type="button" class="button" onClick={back}>
          ← All with this code
        </button>
        <button type="button" class="button" onClick={() => ask(true)}>
          Redrive this one…
        </button>
      </div>
      <Shown of={loaded} what="the letter">
        {(whole) => <Whole letter={whole} />}
      </Shown>
      {isAsked && (
        <RedriveQuestion
          choice={{ pipeline, code, stage, id, ...(destination === undefined ? {} : { destination }) }}
          about={`the letter ${id}`}
          close={() => {
            ask(false);
            loaded.reload();
            changed();
          }}
        />
      )}
    </>
  );
}

function Whole({ letter }: { readonly letter: WholeLetterView }) {
  const { destination, redrives, publishedAt, attributes, body } = letter;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Record", letter.id],
    ["Because", letter.message],
    ["Failed in", letter.stage],
    ["Missed by", destination ?? "every destination"],
    ["State", letter.state === "open" ? "waits for a redrive" : letter.state],
    ["Failed at", time(letter.failedAt)],
    ["Published", publishedAt === undefined ? undefined : time(publishedAt)],
    ["Attempt", `${letter.attempt}${redrives ? `, redriven ${redrives} times before` : ""}`],
    ["Pipeline", `${letter.pipeline}, version ${letter.configVersion}`],
    ["Place", letter.place],
    ...Object.entries(attributes).map(([key, value]) => [key, value] as const),
  ];
  return (
    <>
      <Facts of={facts} />
      <section class="section" aria-label="Body">
        <h2>
          Body <span class="muted small">{`${bytes(body.bytes)}, ${body.kind}`}</span>
        </h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it for that. */}
        <pre tabIndex={0}>{body.text}</pre>
      </section>
    </>
  );
}
