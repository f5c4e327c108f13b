// The fields of a destination, for a new one and for an edit.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import type { ComponentChildren } from "preact";

import { Fold } from "../parts/fold.tsx";
import { Field, FieldError } from "../parts/field.tsx";
import type { FormErrors, FormField, FormValues, Place } from "./destination-form.ts";

export interface DestinationFieldsProps {
  readonly values: FormValues;
  readonly errors: FormErrors;
  readonly set: (change: Partial<FormValues>) => void;
  /** How the kept key is shown; undefined: it is a new destination. */
  readonly keptKey?: string;
  readonly environments?: readonly string[];
}

const PLACES: readonly { readonly place: Place; readonly name: string }[] = [
  { place: "us", name: "Segment, US" },
  { place: "eu", name: "Segment, EU" },
  { place: "own", name: "Another address" },
];

export function DestinationFields(props: DestinationFieldsProps) {
  const { values, errors, set, keptKey, environments = [] } = props;
  const isNew = keptKey === undefined;
  const text = (field: Exclude<FormField, "on" | "place">) => ({
    value: values[field],
    error: errors[field],
    change: (value: string) => set({ [field]: value }),
  });
  return (
    <>
      <Field label="Name" required first={isNew} {...text("name")} hint="For people: where the events go." />
      {isNew && (
        <div class="pair">
          <Field
            label="Environment"
            required
            mono
            suggestions={environments}
            {...text("environment")}
            hint="The environment's client-side id in LaunchDarkly. It cannot change later."
          />
          <Field label="Project" mono {...text("project")} hint="A project id; * for any project." />
        </div>
      )}
      <Field
        label="Write key"
        type="password"
        required={isNew}
        mono
        {...text("writeKey")}
        {...(isNew ? {} : { placeholder: `${keptKey} is kept` })}
        hint={<KeyHint isNew={isNew} />}
      />
      <PlaceFields
        {...props}
        endpoint={
          <Field label="Address" type="url" mono placeholder="http://127.0.0.1:8088" {...text("endpoint")} />
        }
      />
      <Fold name="Identity" isWrong={hasError(errors, ["userIdContextKind", "anonymousIdContextKind"])}>
        <div class="pair">
          <Field label="Context kind of userId" mono {...text("userIdContextKind")} />
          <Field label="Context kind of anonymousId" mono {...text("anonymousIdContextKind")} />
        </div>
      </Fold>
      <Fold
        name="Rate limits"
        isWrong={hasError(errors, ["eventsPerSecond", "requestsPerSecond", "bytesPerSecond"])}
      >
        <div class="pair">
          <Field label="Events per second" inputMode="numeric" {...text("eventsPerSecond")} />
          <Field label="Requests per second" inputMode="numeric" {...text("requestsPerSecond")} />
          <Field
            label="Bytes per second"
            inputMode="numeric"
            placeholder="no limit"
            {...text("bytesPerSecond")}
          />
        </div>
      </Fold>
    </>
  );
}

function KeyHint({ isNew }: { readonly isNew: boolean }) {
  return (
    <>
      {isNew ? "" : "Leave it empty to keep the key. "}
      The key itself, or a reference: <code>{"${env:SEGMENT_WRITE_KEY}"}</code>. It is never shown again.
    </>
  );
}

function PlaceFields({
  values,
  errors,
  set,
  endpoint,
}: DestinationFieldsProps & { readonly endpoint: ComponentChildren }) {
  return (
    <fieldset class="field">
      <legend>Where it is</legend>
      <div class="choices">
        {PLACES.map(({ place, name }) => (
          <label key={place} class="choice">
            <input
              type="radio"
              name="place"
              checked={values.place === place}
              onChange={() => set({ place })}
            />
            {name}
          </label>
        ))}
      </div>
      <FieldError error={errors.place} />
      {values.place === "own" && endpoint}
    </fieldset>
  );
}

function hasError(errors: FormErrors, fields: readonly FormField[]): boolean {
  return fields.some((field) => errors[field] !== undefined);
}
