// Every code a definition problem can have, what it means and how to mend it. Codes are stable: scripts and
// people search for them. Stages may add their own in `check` (kebab-case); those are explained by the stage.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

export interface CodeMeaning {
  /** One sentence: what is wrong. */
  readonly meaning: string;
  /** One or two sentences: what to do. */
  readonly fix: string;
}

export const problemCodes = {
  "unreadable-file": {
    meaning: "A file that the definition names cannot be read, or is not the kind of file it should be.",
    fix: "Check the path (relative paths start at the YAML file's folder) and the permissions of the file.",
  },
  "file-too-large": {
    meaning: "A file is larger than a definition may be.",
    fix: "A pipeline has at most 1 MiB, an enablement file 16 MiB, a `${file:…}` value 64 KiB. Check that it is the right file.",
  },
  "not-utf8": {
    meaning: "The file is not UTF-8 text.",
    fix: "Save it as UTF-8.",
  },
  "yaml-syntax": {
    meaning: "The file is not valid YAML 1.2, or uses a part of YAML that definitions do without.",
    fix: "Indent with spaces, close every quote and bracket, and write one document without tags or directives.",
  },
  "duplicate-key": {
    meaning: "The same key stands twice in one map.",
    fix: "Keep one of them.",
  },
  "too-deep": {
    meaning: "The file is nested deeper than a definition can be.",
    fix: "Flatten it; a definition needs fewer than ten levels.",
  },
  "too-many-aliases": {
    meaning:
      "YAML aliases repeat so much that the file would grow beyond its limit, or an alias holds itself.",
    fix: "Write the values out, or use fewer aliases (at most 100, expanded).",
  },
  "unknown-key": {
    meaning: "A key that nothing reads. It is an error because a mistyped key would silently do nothing.",
    fix: "Correct the spelling or remove the key. The stage reference in pipelines/README.md lists every key.",
  },
  "deprecated-key": {
    meaning:
      "A key that still works, but will go in a later version. A warning: everything is started all the same.",
    fix: "Write what the message names instead; the CHANGELOG says why.",
  },
  "unknown-stage": {
    meaning: "`type` names a stage that does not exist, or one of another role.",
    fix: "Use one of the types in the stage reference. Sources go under `source`, transforms under `transforms`, sinks under `sink`.",
  },
  "missing-key": {
    meaning: "A key without a default is not set.",
    fix: "Add the key.",
  },
  "wrong-type": {
    meaning: "A value is of another type than its key takes.",
    fix: "Write numbers and true/false without quotes, and texts that look like numbers with quotes.",
  },
  "out-of-range": {
    meaning: "A number, a text or a list is smaller or larger than its key takes.",
    fix: "Choose a value within the range that the message names.",
  },
  "not-one-of": {
    meaning: "The key takes one of a few values, and this is none of them.",
    fix: "Use one of the values that the message lists.",
  },
  "wrong-format": {
    meaning: "A text does not have the form that its key takes.",
    fix: "Write it in the form that the message names.",
  },
  "not-unique": {
    meaning: "A list holds the same value twice, or two entries have the same id.",
    fix: "Keep one of them.",
  },
  "unset-variable": {
    meaning: "`${NAME}` names an environment variable that is not set, or is empty, and there is no default.",
    fix: "Set the variable, or give a default: `${NAME:-default}`.",
  },
  "partial-reference": {
    meaning: "A reference stands inside a longer text. References replace whole values only.",
    fix: "Put the whole value into the variable. To write the characters `${` themselves, write `$${`.",
  },
  "bad-reference": {
    meaning: "Something that begins with `${` is not a reference.",
    fix: "Write `${NAME}`, `${NAME:-default}`, `${env:NAME}` or `${file:path}`; write `$${` for the characters `${` themselves.",
  },
  "shape-mismatch": {
    meaning: "A stage takes another shape of data than the stage before it gives.",
    fix: "Insert the transform that the message names, or change the order.",
  },
  "sink-and-sinks": {
    meaning: "The pipeline has both `sink` and `sinks`.",
    fix: "Keep one of them: `sink` for one, `sinks` for a list.",
  },
  "sink-name-taken": {
    meaning: "Two sinks of a pipeline have the same name. Without `name`, a sink is named for its type.",
    fix: "Give one of them a `name`: metrics, logs and dead letters tell them apart by it.",
  },
  "when-without-events": {
    meaning: "A sink has `when`, but what reaches it are bytes and not events.",
    fix: "Put a transform that decodes before the sinks, such as `avro-decode` or `json-decode`, or remove `when`.",
  },
  "batch-over-in-flight": {
    meaning: "The sink's largest batch holds more events than may be in flight, so it could never fill.",
    fix: "Raise `inFlight.records` or lower the sink's `maxBatchEvents`.",
  },
  "writes-over-in-flight": {
    meaning:
      "All requests that the sink may have under way, full, hold more events than may be in flight: some would never be used.",
    fix: "Raise `inFlight.records`, or lower the sink's `concurrency` or `maxBatchEvents`.",
  },
  "batch-over-rate": {
    meaning:
      "The sink's batches are larger than what any destination takes in a second, so none could ever fill.",
    fix: "Lower the sink's `maxBatchEvents`, or raise `eventsPerSecond` of a destination.",
  },
  "event-over-rate": {
    meaning:
      "A destination takes fewer bytes in a second than the largest event has: such an event would wait for ever, and those behind it.",
    fix: "Raise the destination's `bytesPerSecond`, or lower the sink's `maxEventBytes`.",
  },
  "drain-over-lease": {
    meaning:
      "A stop may take longer than the source's lease, so messages in hand would be delivered again meanwhile.",
    fix: "Lower `drainMs` or raise the source's `ackDeadlineSeconds`.",
  },
  "window-over-size": {
    meaning:
      "The dead-letter window holds no more records than it tolerates, so it would never stop the pipeline.",
    fix: "Make `window.max` smaller than `window.size`.",
  },
  "dead-letters-overwritten": {
    meaning: "The dead letters of the last run would be emptied when the next one starts.",
    fix: "Remove `mode: overwrite` from `deadLetters`.",
  },
  "bad-schema-file": {
    meaning: "A schema file that a stage names is not valid.",
    fix: "Mend the file; the message says where it breaks.",
  },
} as const satisfies Record<string, CodeMeaning>;

export type ProblemCode = keyof typeof problemCodes;
