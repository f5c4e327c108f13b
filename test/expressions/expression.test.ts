import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Clock, systemClock } from "../../src/engine/clock.ts";
import type { Logger, Origin } from "../../src/engine/contracts.ts";
import { DataError } from "../../src/engine/errors.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { Evaluator } from "../../src/expressions/evaluator.ts";
import { compileExpression } from "../../src/expressions/expression.ts";
import { MAX_EXPRESSION_CHARACTERS, MAX_SYNTAX_NODES } from "../../src/expressions/limits.ts";
import { plainValue } from "../../src/expressions/plain-value.ts";
import { scopeOf } from "../../src/expressions/scope.ts";
import type { ExportEvent } from "../../src/events/export-event.ts";
import { anyExportEvent } from "../support/arbitraries.ts";
import { recordingLog, silentLog } from "../support/context.ts";
import { costGuard, fuzzSeed } from "../support/cost-guard.ts";
import { anExpression } from "../support/expressions.ts";
import { anOrigin, rejection } from "../support/transforms.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 2_000);

const scope = scopeOf("export-event", { repeatable: false });

function problemsOf(text: string, gives: "true-or-false" | "anything" = "true-or-false"): string[] {
  const compiled = compileExpression(text, { scope, gives });
  return "problems" in compiled ? compiled.problems.map(({ at, message }) => `${at + 1} ${message}`) : [];
}

function evaluatorOf(
  text: string,
  world: { clock: Clock; log: Logger } = { clock: new VirtualClock(), log: silentLog },
): Evaluator {
  const compiled = compileExpression(text, { scope, gives: "anything" });
  if ("problems" in compiled) throw new Error(JSON.stringify(compiled.problems));
  return new Evaluator(compiled.expression, scope, world);
}

const envelope = (event: object) => ({ project: "p", environment: "e", event });
const given = (text: string, event: object = {}, origin: Origin = anOrigin) =>
  plainValue(evaluatorOf(text).evaluate(envelope(event), origin));

describe("what is refused at load, with its place", () => {
  test.each([
    ['evnt.kind == "feature"', "1 unknown field evnt, did you mean event?"],
    ['event.knd == "x"', '7 unknown field knd, did you mean kind? (["knd"] is taken as it is)'],
    ["has(event.reason.inExperimnt)", "18 unknown field inExperimnt, did you mean inExperiment?"],
    ["event.kind.length > 3", "12 there is no length in a text"],
    ["event.kind == 3", "1 a text never equals a number"],
    ["event.creationDate < 'now'", "1 a number never compares with a text"],
    ["origin.attempts > 1", "8 unknown field attempts, did you mean attempt?"],
    ["event.key.startWith('a')", "1 unknown function startWith, did you mean startsWith?"],
    ["event.kind", ""],
    ["size(event.key)", "1 it must be true or false, but gives a number"],
    ["event.kind == ", "15 it ends too early"],
    ["event.kind = 'x'", "12 unexpected character: ="],
    ["'unclosed", "1 unterminated string"],
    ["event.key.matches('a')", "1 matches() is not linear in time; write re(text, 'pattern')"],
    ["re(event.key, event.userKey)", "15 the pattern of re() must be written out as a text"],
    ["re(event.key, '(')", "15 the pattern is not valid (RE2 syntax)"],
    ["re(event.key, '(a{1000}){1000}')", "15 the pattern is not valid (RE2 syntax)"],
    ["re(event.key, '(a{100}b){10}c{900}')", "15 the pattern is too large"],
    [`re(event.key, '${"a".repeat(501)}')`, "15 the pattern has 501 characters, at most 500"],
    ["cel.bind(a, event.key, a == 'x')", "1 cel.bind() is not taken"],
    ["duration(event.key) > duration('1s')", "1 duration() takes a written-out text only"],
    ["[1].all(a, [1].all(b, [1].all(c, a + b + c > 0)))", "23 loops more than 2 deep"],
    [Array(4).fill("[1].exists(a, a > 0)").join(" && "), "73 more than 3 loops"],
    [`${"(".repeat(30)}true${")".repeat(30)}`, "25 too large: at most 24 levels"],
    [Array(MAX_SYNTAX_NODES).fill("1").join("+"), `too large: at most ${MAX_SYNTAX_NODES} parts`],
    [" ".repeat(MAX_EXPRESSION_CHARACTERS + 1), "2001 characters, at most 2000 are taken"],
    ["event.__proto__ == null", "unknown field __proto__"],
  ])("%.60s", (text, expected) => {
    const problems = problemsOf(text).join("\n");
    if (expected === "") expect(problems).toBe("");
    else expect(problems).toContain(expected);
  });

  test("all mistakes of an expression at once", () => {
    expect(problemsOf("event.knd == 'x' || event.ky == 'y'").map((one) => one.slice(0, 20))).toEqual([
      "7 unknown field knd,",
      "27 unknown field ky,",
    ]);
  });

  test("the origin, where the result must not depend on the delivery", () => {
    const repeatable = scopeOf("segment-event", { repeatable: true });
    const compiled = compileExpression("origin.attempt > 1.0", { scope: repeatable, gives: "anything" });
    expect("problems" in compiled && compiled.problems[0]!.message).toContain("unknown field origin");
  });
});

describe("what an expression gives", () => {
  const event = { kind: "custom", key: "Checkout", metricValue: 4, data: { items: [1, 2, 3], total: 9.5 } };
  test.each<[string, unknown]>([
    ["event.kind == 'custom' && event.key in ['a', 'Checkout']", true],
    ["event['kind']", "custom"],
    ["event.metricValue * 2 + 1", 9],
    ["event.metricValue == 4", true],
    ["re(event.key, '^(?i)check')", true],
    ["event.data.items.exists(x, x > 2)", true],
    ["event.data.items.map(x, x * 10)", [10, 20, 30]],
    ["{'n': size(event.data.items), 't': event.data.total}", { n: 3, t: 9.5 }],
    ["event.?reason.?kind.orValue('none')", "none"],
    ["event.?reason", undefined],
    ["timestamp('2026-11-01T00:00:00Z')", "2026-11-01T00:00:00.000Z"],
    ["attributes.source == 'x' && origin.attempt == 1", true],
    ["project + '/' + environment", "p/e"],
  ])("%s", (text, expected) => {
    expect(given(text, event, { ...anOrigin, attributes: { source: "x" } })).toEqual(expected);
  });

  test.each([
    ["a missing field", "event.reason.kind == 'x'", "No such key: reason"],
    ["a field of another type", "event.value > 3", "no such overload"],
    ["a text that is too long for a regular expression", "re(event.url, 'a')", "at most 4096 characters"],
    ["a map with a key of the prototype", "event.data", "a key that is not taken"],
    ["a whole number beyond 2^53", "9007199254740993", "a whole number beyond 2^53"],
    ["infinity", "event.metricValue / 0", "Infinity, which cannot stand"],
  ])("a dead letter for %s", (_, text, expected) => {
    const bad = { value: "x", url: "a".repeat(5_000), metricValue: 1, data: JSON.parse('{"__proto__":1}') };
    const { code, message } = rejection(() => {
      const compiled = compileExpression(text, { scope, gives: "anything" });
      if ("problems" in compiled) throw new Error(JSON.stringify(compiled.problems));
      const evaluator = new Evaluator(compiled.expression, scope, {
        clock: new VirtualClock(),
        log: silentLog,
      });
      plainValue(evaluator.evaluate(envelope(bad), anOrigin));
    });
    expect([code, message]).toEqual(["expression-failed", expect.stringContaining(expected)]);
  });
});

describe("an expression that takes too long", () => {
  const long = Array.from({ length: 3_000 }, (_, i) => i);

  test("is ended, and its event is a dead letter", () => {
    const evaluator = evaluatorOf("event.data.all(a, event.data.all(b, a + b >= 0))");
    expect(rejection(() => evaluator.evaluate(envelope({ data: long }), anOrigin)).code).toBe(
      "expression-too-slow",
    );
  });

  test("is switched off after five times, with one warning and one error in the log, and says so from then on", () => {
    const log = recordingLog();
    const evaluator = evaluatorOf("event.data.all(a, event.data.all(b, a + b >= 0))", {
      clock: new VirtualClock(),
      log,
    });
    for (let i = 0; i < 8; i++) rejection(() => evaluator.evaluate(envelope({ data: long }), anOrigin));
    expect(rejection(() => evaluator.evaluate(envelope({ data: [] }), anOrigin)).message).toContain(
      "switched off",
    );
    expect(log.lines.map(({ level }) => level)).toEqual(["warn", "error"]);
  });

  test("is forgiven when it was quick a hundred times since: the machine was busy", () => {
    const log = recordingLog();
    let now = 0;
    let step = 0;
    const world = { clock: { ...systemClock, nowMs: () => (now += step) }, log };
    const evaluator = evaluatorOf("event.key == 'a'", world);
    for (let i = 0; i < 4; i++) {
      step = 21;
      evaluator.evaluate(envelope({ key: "a" }), anOrigin);
    }
    step = 0;
    for (let i = 0; i < 100; i++) evaluator.evaluate(envelope({ key: "a" }), anOrigin);
    step = 21;
    evaluator.evaluate(envelope({ key: "a" }), anOrigin);
    step = 0;
    expect(evaluator.evaluate(envelope({ key: "a" }), anOrigin)).toBe(true);
  });
});

describe("property: no text is ever a crash, or costs more than 100 ms", () => {
  test("of any expression and any event", async () => {
    const guard = costGuard();
    const seed = fuzzSeed();
    await fc.assert(
      fc.asyncProperty(anExpression, anyExportEvent, (text, value) =>
        guard.judged(`${text}\n${JSON.stringify(value)}`, () => judge(text, value as ExportEvent)),
      ),
      { seed, numRuns: RUNS },
    );
    await guard.close(seed);

    function judge(text: string, value: ExportEvent): void {
      const compiled = compileExpression(text, { scope, gives: "anything" });
      if ("problems" in compiled) {
        expect(compiled.problems.length).toBeGreaterThan(0);
        for (const { at } of compiled.problems) {
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at).toBeLessThanOrEqual(text.length);
        }
        return;
      }
      const evaluator = new Evaluator(compiled.expression, scope, {
        clock: new VirtualClock(),
        log: silentLog,
      });
      try {
        const given = plainValue(evaluator.evaluate(value, anOrigin));
        expect(given === undefined || typeof JSON.stringify(given) === "string").toBe(true);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    }
  }, 600_000);
});
