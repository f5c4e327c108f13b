// The browser's own dialog: it keeps the focus inside, closes on Escape and gives the focus back.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { Announcements, dialogs } from "./announce.tsx";
import { Icon } from "./icons.tsx";

export interface DialogProps {
  readonly title: string;
  /** side: a panel for work; middle: a question. */
  readonly place: "side" | "middle";
  /** For things that stand beside each other. */
  readonly wide?: boolean;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** Open as long as it is there. */
export function Dialog({ title, place, wide = false, close, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    dialogs.value = [...dialogs.peek(), id];
    return () => {
      dialogs.value = dialogs.peek().filter((one) => one !== id);
      dialog?.close();
    };
  }, [id]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does for the keyboard what a click outside does.
    <dialog
      ref={element}
      class={`dialog-${place}`}
      data-wide={wide}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button icon-button" data-kind="plain" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">{children}</div>
      <Announcements inside={id} />
    </dialog>
  );
}
