// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

// Broken pipelines and exactly what is said about each: `line:col code message (did you mean …?)`.
// Lines are those of the right pipeline in `support/definitions.ts`; an edit takes the place of one line.

export interface BrokenPipeline {
  readonly title: string;
  /** Line number -> new text, or the whole file. */
  readonly edits: Readonly<Record<number, string>> | string;
  readonly says: readonly string[];
}

export const brokenPipelines: readonly BrokenPipeline[] = [
  {
    title: "an unknown key at the top",
    edits: { 12: "  directory: dead\ntransfroms: []" },
    says: ['13:1 unknown-key the pipeline has no key "transfroms" (did you mean transforms?)'],
  },
  {
    title: "an unknown key like no other",
    edits: { 12: "  directory: dead\nzzzzzzzz: 1" },
    says: [
      '13:1 unknown-key the pipeline has no key "zzzzzzzz"; it has name, description, source, transforms, sink, sinks, deadLetters, destinations, enablement, inFlight, drainMs',
    ],
  },
  {
    title: "an unknown key of a stage",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMesages: 3" },
    says: ['5:3 unknown-key source queue has no key "maxMesages" (did you mean maxMessages?)'],
  },
  {
    title: "a key in snake case",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  max_messages: 3" },
    says: ['5:3 unknown-key source queue has no key "max_messages" (did you mean maxMessages?)'],
  },
  {
    title: "a mistyped required key, once",
    edits: { 4: "  subscripton: projects/p/subscriptions/s" },
    says: ['4:3 unknown-key source queue has no key "subscripton" (did you mean subscription?)'],
  },
  {
    title: "an unknown key of an inner map",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  batch:\n    cuont: 3" },
    says: ['6:5 unknown-key "batch" has no key "cuont" (did you mean count?)'],
  },
  {
    title: "a key that the stage does not take at all",
    edits: { 7: "  - type: segment-event\n    region: us" },
    says: ['8:5 unknown-key transform segment-event has no key "region"; it has none'],
  },
  {
    title: "a key of the prototype",
    edits: {
      4: "  subscription: projects/p/subscriptions/s\n  __proto__: {polluted: true}\n  constructor: 1",
    },
    says: [
      '5:3 unknown-key source queue has no key "__proto__"; it has subscription, ackDeadlineSeconds, maxMessages, keepalive, batch, password',
      '6:3 unknown-key source queue has no key "constructor"; it has subscription, ackDeadlineSeconds, maxMessages, keepalive, batch, password',
    ],
  },
  {
    title: "a merge key",
    edits: { 4: "  <<: {a: 1}\n  subscription: projects/p/subscriptions/s" },
    says: ["4:3 unknown-key merge keys (`<<`) are not used here; write the keys out"],
  },
  {
    title: "an unknown transform",
    edits: { 6: "  - type: decoed" },
    says: ['6:11 unknown-stage there is no transform "decoed" (did you mean decode?)'],
  },
  {
    title: "a sink among the transforms",
    edits: { 6: "  - type: send" },
    says: [
      '6:11 unknown-stage "send" is a sink, not a transform; known: decode, keep-some, filter-enabled, segment-event',
    ],
  },
  {
    title: "a dead-letter store that is none",
    edits: { 11: "  type: send" },
    says: ['11:9 unknown-stage "send" cannot be used here; known: file'],
  },
  {
    title: "an unknown source and an unknown sink",
    edits: { 3: "  type: kafka", 9: "  type: sned" },
    says: [
      '3:9 unknown-stage there is no source "kafka"; known: queue, files',
      '9:9 unknown-stage there is no sink "sned" (did you mean send?)',
    ],
  },
  {
    title: "no name",
    edits: { 1: "" },
    says: [
      '1:1 missing-key the pipeline needs the key "name": Names the pipeline in logs, metrics and dead letters',
    ],
  },
  {
    title: "no source",
    edits: { 2: "", 3: "", 4: "" },
    says: ['1:1 missing-key the pipeline needs the key "source": Where records come from'],
  },
  {
    title: "no dead letters",
    edits: { 10: "", 11: "", 12: "" },
    says: [
      '1:1 missing-key the pipeline needs the key "deadLetters": Where data goes that can never be delivered',
    ],
  },
  {
    title: "a stage without its required key",
    edits: { 4: "" },
    says: ['3:3 missing-key source queue needs the key "subscription": Full name'],
  },
  {
    title: "a stage without a type",
    edits: { 3: "" },
    says: [
      '3:3 missing-key "source" needs the key "type": Which stage; the keys beside it are the stage\'s own',
    ],
  },
  {
    title: "a transform without a type",
    edits: { 6: "  - {}" },
    says: [
      '6:5 missing-key "transforms[0]" needs the key "type": Which stage; the keys beside it are the stage\'s own',
    ],
  },
  {
    title: "a name in the wrong form",
    edits: { 1: "name: Demo Pipeline" },
    says: [
      '1:7 wrong-format "name" must be lower-case words joined by dashes, such as launchdarkly-to-segment, not the text "Demo Pipeline"',
    ],
  },
  {
    title: "a number for a text",
    edits: { 1: "name: 12" },
    says: ['1:7 wrong-type "name" must be a text, not 12 (did you mean "12"?)'],
  },
  {
    title: "a text for a number",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMessages: many" },
    says: ['5:16 wrong-type "maxMessages" must be a whole number, not the text "many"'],
  },
  {
    title: "a quoted number",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMessages: '12'" },
    says: ['5:16 wrong-type "maxMessages" must be a whole number, not the text "12" (did you mean 12?)'],
  },
  {
    title: "a fraction for a whole number",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMessages: 1.5" },
    says: ['5:16 wrong-type "maxMessages" must be a whole number, not 1.5'],
  },
  {
    title: "not a number",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMessages: .nan" },
    says: ['5:16 wrong-type "maxMessages" must be a whole number, not NaN'],
  },
  {
    title: "a YAML 1.1 boolean",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  keepalive: on" },
    says: ['5:14 wrong-type "keepalive" must be true or false, not the text "on" (did you mean true?)'],
  },
  {
    title: "a number below its range",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  ackDeadlineSeconds: 5" },
    says: ['5:23 out-of-range "ackDeadlineSeconds" must be at least 10, not 5'],
  },
  {
    title: "a number above its range",
    edits: { 9: "  type: send\n  maxBatchEvents: 2501" },
    says: ['10:19 out-of-range "maxBatchEvents" must be at most 2500, not 2501'],
  },
  {
    title: "a number at the open end of its range",
    edits: { 6: "  - type: decode\n  - type: keep-some\n    share: 0" },
    says: ['8:12 out-of-range "share" must be more than 0, not 0'],
  },
  {
    title: "a key without a value",
    edits: { 4: "  subscription:" },
    says: ['4:3 wrong-type "subscription" must be a text, not nothing'],
  },
  {
    title: "a stage without anything",
    edits: { 2: "source:", 3: "", 4: "" },
    says: ['2:1 wrong-type "source" must be a map, not nothing'],
  },
  {
    title: "a list for a map",
    edits: { 3: "  - queue", 4: "" },
    says: ['3:3 wrong-type "source" must be a map, not a list'],
  },
  {
    title: "a text for a map",
    edits: { 2: "source: queue", 3: "", 4: "" },
    says: ['2:9 wrong-type "source" must be a map, not the text "queue"'],
  },
  {
    title: "a map for a list, without a word about shapes",
    edits: { 6: "  type: decode", 7: "" },
    says: ['6:3 wrong-type "transforms" must be a list, not a map'],
  },
  {
    title: "a text for a stage",
    edits: { 6: "  - decode" },
    says: ['6:5 wrong-type "transforms[0]" must be a map, not the text "decode"'],
  },
  {
    title: "no transforms after the key",
    edits: { 6: "", 7: "" },
    says: ['5:1 wrong-type "transforms" must be a list, not nothing'],
  },
  {
    title: "a text in the wrong form",
    edits: { 4: "  subscription: my-sub" },
    says: ['4:17 wrong-format "subscription" must be projects/P/subscriptions/S, not the text "my-sub"'],
  },
  {
    title: "a long text, shortened",
    edits: {
      4: "  subscription: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    },
    says: [
      '4:17 wrong-format "subscription" must be projects/P/subscriptions/S, not the text "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"',
    ],
  },
  {
    title: "none of the few values, with a guess",
    edits: { 9: "  type: send\n  region: ue" },
    says: ['10:11 not-one-of "region" must be one of us, eu, not the text "ue" (did you mean us?)'],
  },
  {
    title: "none of the few values, without one",
    edits: { 9: "  type: send\n  region: mars" },
    says: ['10:11 not-one-of "region" must be one of us, eu, not the text "mars"'],
  },
  {
    title: "a value in an inner map",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  batch: {count: 0}" },
    says: ['5:18 out-of-range "batch.count" must be at least 1, not 0'],
  },
  {
    title: "none of the types of a union",
    edits: { 3: "  type: files", 4: "  paths: 3" },
    says: ['4:10 wrong-type "paths" must be a text or a list, not 3 (did you mean "3"?)'],
  },
  {
    title: "an empty list where a list or text may be",
    edits: { 3: "  type: files", 4: "  paths: []" },
    says: ['4:10 out-of-range "paths" needs at least one entry'],
  },
  {
    title: "one wrong entry of a list",
    edits: { 3: "  type: files", 4: "  paths: [a, 3]" },
    says: ['4:14 wrong-type "paths[1]" must be a text, not 3 (did you mean "3"?)'],
  },
  {
    title: "a wrong key of the tagged map that was meant",
    edits: { 6: "  - type: decode\n    shape: {kind: raw, offset: x}" },
    says: ['7:32 wrong-type "shape.offset" must be a whole number, not the text "x"'],
  },
  {
    title: "a tag that no map has",
    edits: { 6: "  - type: decode\n    shape: {kind: row, offset: 1}" },
    says: ['7:19 not-one-of "shape.kind" must be one of raw, framed, not the text "row" (did you mean raw?)'],
  },
  {
    title: "a map without its tag",
    edits: { 6: "  - type: decode\n    shape: {offset: 1}" },
    says: ['7:12 missing-key "shape" needs the key "kind"'],
  },
  {
    title: "the key of another tagged map",
    edits: { 6: "  - type: decode\n    shape: {kind: framed, offset: 1}" },
    says: [
      '7:12 missing-key "shape" needs the key "header": What it begins with',
      '7:27 unknown-key "shape" has no key "offset"; it has kind, header',
    ],
  },
  {
    title: "the same entry twice",
    edits: { 6: "  - type: decode\n  - type: keep-some\n    keys: [a, b, a]" },
    says: ['8:11 not-unique "keys" holds the same value twice'],
  },
  {
    title: "too many entries",
    edits: { 6: "  - type: decode\n  - type: keep-some\n    keys: [a, b, c, d]" },
    says: ['8:11 out-of-range "keys" takes at most 3 entries'],
  },
  {
    title: "an empty entry",
    edits: { 6: "  - type: decode\n  - type: keep-some\n    keys: ['']" },
    says: ['8:12 out-of-range "keys[0]" must not be empty'],
  },
  {
    title: "a duplicate key and a mistake after it",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  type: files\n  maxMessages: 0" },
    says: [
      '5:3 duplicate-key the key "type" stands twice in this map',
      '6:16 out-of-range "maxMessages" must be at least 1, not 0',
    ],
  },
  {
    title: "a tab",
    edits: { 4: "\tsubscription: x" },
    says: ["4:1 yaml-syntax a tab is used to indent; use spaces"],
  },
  {
    title: "a line indented too far",
    edits: { 4: "   subscription: x" },
    says: [
      "3:9 yaml-syntax a `key: value` inside a value: is the next line indented too far, or does a text with a colon need quotes?",
    ],
  },
  {
    title: "an open quote",
    edits: { 4: '  subscription: "x' },
    says: [
      "12:18 yaml-syntax something is not closed or a character is missing here: a quote, a bracket, a comma, a space",
    ],
  },
  {
    title: "an open bracket",
    edits: { 5: "transforms: [", 6: "", 7: "" },
    says: [
      "6:1 yaml-syntax this line is not indented like its neighbours, or a bracket before it is not closed",
    ],
  },
  {
    title: "a colon in a text",
    edits: { 4: "  subscription: a: b" },
    says: [
      "4:17 yaml-syntax a `key: value` inside a value: is the next line indented too far, or does a text with a colon need quotes?",
    ],
  },
  {
    title: "a bad escape",
    edits: { 4: '  subscription: "a\\qb"' },
    says: [
      "4:19 yaml-syntax unknown escape in a double-quoted text; use single quotes, or write \\\\ for a backslash",
    ],
  },
  {
    title: "a JavaScript tag",
    edits: { 4: "  subscription: !!js/function x" },
    says: ["4:17 yaml-syntax tags (`!name`) are not used here; quote a text that begins with `!`"],
  },
  {
    title: "a tag",
    edits: { 4: "  subscription: !secret x" },
    says: ["4:17 yaml-syntax tags (`!name`) are not used here; quote a text that begins with `!`"],
  },
  {
    title: "an alias without an anchor",
    edits: { 4: "  subscription: *sub" },
    says: [
      "4:17 yaml-syntax this alias (`*name`) has no anchor (`&name`) before it, or no name; quote a text that begins with `*`",
    ],
  },
  {
    title: "an alias that holds itself",
    edits: { 4: "  subscription: &a [*a]" },
    says: ["4:21 too-many-aliases this alias holds itself"],
  },
  {
    title: "two documents",
    edits: { 12: "  directory: dead\n---\nname: b" },
    says: ["13:1 yaml-syntax one document a file; remove the second"],
  },
  {
    title: "a YAML 1.1 directive",
    edits: { 1: "%YAML 1.1\n---\nname: demo" },
    says: ["1:1 yaml-syntax definitions are YAML 1.2; remove the %YAML line"],
  },
  {
    title: "a map as a key",
    edits: { 4: "  ? {a: 1}\n  : 3\n  subscription: projects/p/subscriptions/s" },
    says: ["4:5 yaml-syntax a key must be a plain text"],
  },
  {
    title: "an empty file",
    edits: "",
    says: ["1:1 wrong-type the pipeline must be a map, not nothing"],
  },
  {
    title: "a list",
    edits: "- a",
    says: ["1:1 wrong-type the pipeline must be a map, not a list"],
  },
  {
    title: "a text",
    edits: "hello",
    says: ['1:1 wrong-type the pipeline must be a map, not the text "hello"'],
  },
  {
    title: "unset variables, all of them",
    edits: { 4: "  subscription: ${SUB}\n  maxMessages: ${env:MAX}" },
    says: [
      "4:17 unset-variable the environment variable SUB is not set; set it, or write ${SUB:-default}",
      "5:16 unset-variable the environment variable MAX is not set; set it, or write ${MAX:-default}",
    ],
  },
  {
    title: "an empty variable",
    edits: { 4: "  subscription: ${EMPTY}" },
    says: ["4:17 unset-variable the environment variable EMPTY is empty; set it, or write ${EMPTY:-default}"],
  },
  {
    title: "a reference inside a text",
    edits: { 4: "  subscription: projects/p/subscriptions/${SUB}" },
    says: ["4:17 partial-reference ${SUB} stands inside a longer text; a reference must be the whole value"],
  },
  {
    title: "two references in one text",
    edits: { 4: "  subscription: ${PROJECT}${SUB}" },
    says: [
      "4:17 partial-reference ${PROJECT} stands inside a longer text; a reference must be the whole value",
    ],
  },
  {
    title: "a malformed reference",
    edits: { 4: "  subscription: ${SUB:default}" },
    says: [
      "4:17 bad-reference not a reference; write ${NAME}, ${NAME:-default}, ${env:NAME} or ${file:path}, or $${ for the characters themselves",
    ],
  },
  {
    title: "an open reference",
    edits: { 4: "  subscription: ${SUB" },
    says: [
      "4:17 bad-reference not a reference; write ${NAME}, ${NAME:-default}, ${env:NAME} or ${file:path}, or $${ for the characters themselves",
    ],
  },
  {
    title: "a reference without quotes in a flow map",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  batch: {count: ${N}}" },
    says: ['5:19 yaml-syntax inside [ ] or { } a reference needs quotes: "${NAME}"'],
  },
  {
    title: "a file that is not there",
    edits: { 4: "  subscription: ${file:sub.txt}" },
    says: ["4:17 unreadable-file ${file:sub.txt}: there is no such file"],
  },
  {
    title: "a variable of the wrong type, unseen",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  maxMessages: ${LOTS}" },
    says: ['5:16 wrong-type "maxMessages" must be a whole number; ${LOTS} gives something else'],
  },
  {
    title: "a default of the wrong type",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  keepalive: ${KEEPALIVE:-on}" },
    says: ['5:14 wrong-type "keepalive" must be true or false; ${KEEPALIVE} gives something else'],
  },
  {
    title: "a missing transform",
    edits: { 6: "" },
    says: ["6:11 shape-mismatch segment-event takes export-event but queue gives bytes: put decode between"],
  },
  {
    title: "two missing transforms",
    edits: { 5: "", 6: "", 7: "" },
    says: [
      "6:9 shape-mismatch send takes segment-event but queue gives bytes: put decode and segment-event between",
    ],
  },
  {
    title: "transforms in the wrong order",
    edits: { 6: "  - type: segment-event", 7: "  - type: decode" },
    says: [
      "6:11 shape-mismatch segment-event takes export-event but queue gives bytes: move decode before it",
    ],
  },
  {
    title: "a misfit behind a stage that takes any shape",
    edits: { 6: "  - type: keep-some" },
    says: ["7:11 shape-mismatch segment-event takes export-event but queue gives bytes: put decode between"],
  },
  {
    title: "a misfit that no transform mends",
    edits: { 6: "  - type: decode\n  - type: decode" },
    says: [
      "7:11 shape-mismatch decode takes bytes but decode gives export-event: no transform leads from one to the other",
    ],
  },
  {
    title: "a batch larger than what may be in flight",
    edits: { 9: "  type: send\n  maxBatchEvents: 900", 12: "  directory: dead\ninFlight: {records: 899}" },
    says: [
      "10:19 batch-over-in-flight a batch of 900 events can never fill while at most 899 records are in flight",
    ],
  },
  {
    title: "less in flight than the default batch",
    edits: { 12: "  directory: dead\ninFlight: {records: 10}" },
    says: [
      "13:21 batch-over-in-flight a batch of 1000 events can never fill while at most 10 records are in flight",
    ],
  },
  {
    title: "a drain longer than the lease",
    edits: { 12: "  directory: dead\ndrainMs: 60001" },
    says: [
      "13:10 drain-over-lease a stop may take 60001 ms, longer than the source's lease of 60 s; at most 60000",
    ],
  },
  {
    title: "a lease shorter than the default drain",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  ackDeadlineSeconds: 10" },
    says: [
      "5:23 drain-over-lease a stop may take 20000 ms, longer than the source's lease of 10 s; at most 10000",
    ],
  },
  {
    title: "a window that never fills",
    edits: { 12: "  directory: dead\n  window: {size: 500}" },
    says: [
      "13:11 window-over-size a window of 500 values never holds more than 500 dead letters; choose a smaller max",
    ],
  },
  {
    title: "a rule of a stage",
    edits: { 9: "  type: send\n  maxBatchBytes: 1000" },
    says: ["10:18 batch-smaller-than-event smaller than the largest event, 32000 bytes"],
  },
  {
    title: "a schema file that is not there",
    edits: { 6: "  - type: decode\n    schema: nope.avsc" },
    says: ['7:13 unreadable-file "nope.avsc": there is no such file'],
  },
  {
    title: "a destinations file that is not there",
    edits: { 12: "  directory: dead\ndestinations: other.yaml" },
    says: ['13:15 unreadable-file "/p/other.yaml": there is no such file'],
  },
  {
    title: "a secret of the wrong type, unseen",
    edits: { 4: "  subscription: projects/p/subscriptions/s\n  password: 31415926" },
    says: ['5:13 wrong-type "password" must be a text, not a number'],
  },
  {
    title: "a secret that is too short, unseen",
    edits: { 9: "  type: send\n  token: abc" },
    says: ['10:10 out-of-range "token" must have at least 8 characters'],
  },
  {
    title: "sink and sinks",
    edits: { 9: "  type: send\nsinks:\n  - type: send" },
    says: [
      "9:3 sink-and-sinks a pipeline has sink or sinks, not both; move the one under sink into the list",
    ],
  },
  {
    title: "an empty list of sinks",
    edits: { 8: "sinks: []", 9: "" },
    says: ['8:8 out-of-range "sinks" needs at least one entry'],
  },
  {
    title: "two sinks of one name",
    edits: { 8: "sinks:", 9: "  - type: send\n  - type: file\n    directory: d\n    name: send" },
    says: ["12:11 sink-name-taken another sink is named send already; give this one a name of its own"],
  },
  {
    title: "a sink in the list that takes another shape",
    edits: { 7: "", 8: "sinks:", 9: "  - type: file\n    directory: d\n  - type: send" },
    says: [
      "10:11 shape-mismatch send takes segment-event but decode gives export-event: put segment-event between",
    ],
  },
  {
    title: "a `when` with two mistakes, one in each sink",
    edits: {
      8: "sinks:",
      9: '  - type: send\n    when: evnt.type == "track"\n  - type: file\n    directory: d\n    when: event.typ == 1',
    },
    says: [
      "10:11 bad-expression column 1: unknown field evnt, did you mean event?",
      '13:17 bad-expression column 7: unknown field typ, did you mean type? (["typ"] is taken as it is)',
    ],
  },
  {
    title: "a `when` where bytes arrive",
    edits: { 5: "", 6: "", 7: "", 9: "  type: file\n  directory: d\n  when: event.type == 'track'" },
    says: [
      "8:9 when-without-events when looks at events, but bytes reaches the sinks; put a transform that decodes before them",
    ],
  },
  {
    title: "five mistakes at once",
    edits: {
      1: "nam: demo",
      4: "  subscription: ${SUB}\n  maxMessages: lots",
      6: "  - type: decoed",
      12: "  directory: dead\ndrainMs: 1s",
    },
    says: [
      '1:1 unknown-key the pipeline has no key "nam" (did you mean name?)',
      "4:17 unset-variable the environment variable SUB is not set; set it, or write ${SUB:-default}",
      '5:16 wrong-type "maxMessages" must be a whole number, not the text "lots"',
      '7:11 unknown-stage there is no transform "decoed" (did you mean decode?)',
      '14:10 wrong-type "drainMs" must be a whole number, not the text "1s"',
    ],
  },
];
