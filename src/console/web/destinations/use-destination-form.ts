// What is typed into the form, what is wrong with it, and the way to the server and back.

import { useState } from "preact/hooks";

import { toFailure } from "../api.ts";
import type { DestinationView } from "../api-types.ts";
import { bodyOf, errorsOf, type FormErrors, type FormValues, missing } from "./destination-form.ts";

export interface DestinationForm {
  readonly values: FormValues;
  readonly errors: FormErrors;
  /** What is wrong with the whole. */
  readonly failure: string | undefined;
  readonly busy: boolean;
  readonly set: (change: Partial<FormValues>) => void;
  readonly submit: (event: Event) => Promise<void>;
}

export interface DestinationFormOptions {
  readonly initial: FormValues;
  readonly isNew: boolean;
  readonly send: (body: object, values: FormValues) => Promise<DestinationView>;
  readonly done: (saved: DestinationView) => void;
}

export function useDestinationForm({ initial, isNew, send, done }: DestinationFormOptions): DestinationForm {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<FormErrors>({});
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<FormValues>) => {
    setValues((before) => ({ ...before, ...change }));
    setErrors((before) => {
      const rest = { ...before };
      for (const field of Object.keys(change)) delete rest[field as keyof FormValues];
      return rest;
    });
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget as HTMLFormElement;
    setFailure(undefined);
    const early = missing(values, isNew);
    setErrors(early);
    if (Object.keys(early).length > 0) {
      showFirstError(form);
      return;
    }
    setBusy(true);
    try {
      done(await send(bodyOf(values, isNew), values));
    } catch (error) {
      const { problems, message } = toFailure(error);
      const { errors: late, rest } = errorsOf(problems);
      setErrors(late);
      const isAllPlaced = problems.length > 0 && rest.length === 0;
      setFailure(isAllPlaced ? undefined : rest.join(" ") || message);
      showFirstError(form);
    } finally {
      setBusy(false);
    }
  };
  return { values, errors, failure, busy, set, submit };
}

/** The first field that is wrong gets the focus, when the messages are there. */
function showFirstError(form: HTMLFormElement): void {
  setTimeout(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
