// Says what was done: on the screen for a while, and to those who listen to it.

import { signal } from "@preact/signals";

const said = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;
const SHOWN_MS = 5_000;

export function say(text: string): void {
  clearTimeout(timer);
  said.value = text;
  timer = setTimeout(() => {
    said.value = "";
  }, SHOWN_MS);
}

/** Dialogs that are open: what stands outside them is out of reach, so the topmost says it. */
export const dialogs = signal<readonly string[]>([]);

/** `inside` names the dialog that it stands in; none: the page. */
export function Announcements({ inside }: { readonly inside?: string }) {
  if (dialogs.value.at(-1) !== inside) return null;
  return (
    <div class="said" role="status" aria-live="polite">
      {said.value !== "" && <span>{said.value}</span>}
    </div>
  );
}
