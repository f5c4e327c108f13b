// What a page shows when it has nothing to show: not yet, nothing there, or something is wrong.

import type { ComponentChildren } from "preact";

import type { ApiFailure } from "../api.ts";
import { time } from "../format.ts";
import type { Loaded } from "../use-load.ts";
import type { Tone } from "./badge.tsx";

export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">Loading {what}…</span>
      <i />
      <i />
      <i />
    </div>
  );
}

export interface EmptyProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export interface NoteProps {
  readonly tone: Tone;
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}

/** `bad` is read out at once, the others when there is a pause. */
export function Note({ tone, children, action }: NoteProps) {
  return (
    <div class="note" data-tone={tone} role={tone === "bad" ? "alert" : "status"}>
      <div>{children}</div>
      {action}
    </div>
  );
}

export function Failure({ failure, again }: { readonly failure: ApiFailure; readonly again?: () => void }) {
  const action = again && (
    <button type="button" class="button" onClick={again}>
      Try again
    </button>
  );
  return (
    <Note tone="bad" action={action}>
      {failure.message}
    </Note>
  );
}

/** What was loaded, or what stands in its place; what is old is shown and said to be old. */
export function Shown<T>(props: {
  readonly of: Loaded<T>;
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, failure, atMs, reload } = props.of;
  if (data === undefined)
    return failure ? <Failure failure={failure} again={reload} /> : <Loading what={props.what} />;
  return (
    <>
      {failure && (
        <Note tone="warn">
          {failure.message} Below is what was known at {time(atMs ?? 0)}.
        </Note>
      )}
      {props.children(data)}
    </>
  );
}
