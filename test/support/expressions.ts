// Expressions: well-formed ones of every operator, and texts that are none.

import fc from "fast-check";

const leaf = fc.oneof(
  fc.constantFrom(
    "event",
    "event.kind",
    "event.key",
    "event.value",
    "event.context",
    "event.contextKeys",
    "event.creationDate",
    "event.metricValue",
    "event.reason.inExperiment",
    "event.?reason.?kind",
    "event.data",
    "event['x']",
    "event['__proto__']",
    "attributes",
    "origin.id",
    "project",
    "x",
    "true",
    "null",
    "[]",
    "{}",
    "b'abc'",
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
);

const wellFormed = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in", "&&", "||"),
        tie("expression"),
      )
      .map(([left, op, right]) => `(${left} ${op} ${right})`),
    fc.tuple(fc.constantFrom("!", "-"), tie("expression")).map(([op, one]) => `${op}(${one})`),
    fc
      .tuple(tie("expression"), tie("expression"), tie("expression"))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom("all", "exists", "exists_one", "map", "filter"),
        tie("expression"),
      )
      .map(([list, loop, body]) => `${list}.${loop}(x, ${body})`),
    fc
      .tuple(
        fc.constantFrom(
          "size",
          "string",
          "int",
          "double",
          "bool",
          "type",
          "dyn",
          "has",
          "timestamp",
          "duration",
          "bytes",
        ),
        tie("expression"),
      )
      .map(([name, one]) => `${name}(${one})`),
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom(
          "startsWith",
          "contains",
          "split",
          "join",
          "indexOf",
          "matches",
          "trim",
          "orValue",
          "lowerAscii",
        ),
        tie("expression"),
      )
      .map(([one, name, other]) => `${one}.${name}(${other})`),
    fc
      .tuple(tie("expression"), fc.string({ maxLength: 10 }))
      .map(([one, text]) => `re(${one}, ${JSON.stringify(text)})`),
    fc.tuple(tie("expression"), tie("expression")).map(([of, at]) => `${of}[${at}]`),
    fc.array(tie("expression"), { maxLength: 3 }).map((all) => `[${all.join(", ")}]`),
    fc.tuple(tie("expression"), tie("expression")).map(([key, one]) => `{${key}: ${one}}`),
  ),
})).expression;

/** Some with a piece cut out or put in. */
export const anExpression: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: wellFormed },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(wellFormed, fc.nat(200), fc.nat(5), fc.string({ maxLength: 4 }))
      .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut)),
  },
);
