// A field with its name, a hint and, beside it, what is wrong with what was given.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { Shape } from "./badge.tsx";

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly type?: "text" | "password" | "search" | "url";
  readonly inputMode?: "numeric";
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly mono?: boolean;
  readonly suggestions?: readonly string[];
  readonly wide?: boolean;
  /** It gets the focus when it comes. */
  readonly first?: boolean;
}

export function Field(props: FieldProps) {
  const id = useId();
  const { label, hint, error, value, change, suggestions = [], mono = false } = props;
  const described = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`]
    .join(" ")
    .trim();
  return (
    <div class={props.wide ? "field wide" : "field"}>
      <label for={id}>{label}</label>
      <input
        id={id}
        class={mono ? "input mono" : "input"}
        // The typings tell the kinds of input apart by their roles, which none of these changes.
        type={(props.type ?? "text") as "text"}
        inputMode={props.inputMode}
        value={value}
        placeholder={props.placeholder}
        aria-required={props.required ?? false}
        aria-invalid={error !== undefined}
        aria-describedby={described === "" ? undefined : described}
        disabled={props.disabled}
        autocomplete={props.type === "password" ? "new-password" : "off"}
        autocapitalize="none"
        spellcheck={false}
        autofocus={props.first}
        {...(suggestions.length > 0 ? { list: `${id}-list` } : {})}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      <FieldError id={`${id}-error`} error={error} />
      {hint !== undefined && (
        <span class="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

export function FieldError({ id, error }: { readonly id?: string; readonly error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <span class="field-error" id={id}>
      <Shape tone="bad" />
      {error}
    </span>
  );
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly change: (value: string) => void;
}

export function Select({ label, value, options, change }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} class="input" value={value} onChange={(event) => change(event.currentTarget.value)}>
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
    </div>
  );
}
