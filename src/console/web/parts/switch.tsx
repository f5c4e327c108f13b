// On or off, at once: what it stands for is changed when it is pressed.

import { useState } from "preact/hooks";

export interface SwitchProps {
  readonly on: boolean;
  /** What is switched, for those who do not see the row it stands in. */
  readonly label: string;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly change: (on: boolean) => Promise<void> | void;
}

export function Switch({ on, label, disabled = false, title, change }: SwitchProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await change(!on);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={on}
      aria-label={label}
      aria-busy={busy}
      disabled={disabled}
      title={title}
      onClick={press}
    >
      <span class="switch-track" aria-hidden="true" />
      <span class="switch-word" aria-hidden="true">
        {on ? "On" : "Off"}
      </span>
    </button>
  );
}
