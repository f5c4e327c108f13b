import { useState } from "preact/hooks";

import { Dialog } from "./parts/dialog.tsx";
import { Field } from "./parts/field.tsx";
import { askedBecause, giveToken } from "./session.ts";

/** Asks for the access token when the server does. */
export function TokenDialog() {
  const because = askedBecause.value;
  return because === undefined ? null : <Question because={because} />;
}

function Question({ because }: { readonly because: string }) {
  const [text, setText] = useState("");
  const [error, setError] = useState(because === "" ? undefined : because);
  return (
    <Dialog title="Access token" place="middle" close={() => undefined}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === "") setError("Give the token.");
          else giveToken(text.trim());
        }}
      >
        <Field
          label="Token"
          type="password"
          value={text}
          error={error}
          change={(value) => {
            setText(value);
            setError(undefined);
          }}
          hint={
            <>
              It stands in <code>SLUICE_CONSOLE_TOKEN</code> where Sluice runs. This tab keeps it until it is
              closed.
            </>
          }
        />
        <div class="dialog-foot">
          <button type="submit" class="button" data-kind="primary">
            Go on
          </button>
        </div>
      </form>
    </Dialog>
  );
}
