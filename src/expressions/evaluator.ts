// Evaluates one expression on many values, and never stalls the process with it.
//
//   on --(MAX_STRIKES slow evaluations)--> off: every further value is refused with expression-too-slow
//
// A small estimate runs bare; a large one under a watchdog that ends it. Time is also measured: an evaluation
// that took longer than SLOW_MS is a strike, and EVALUATIONS_PER_PARDON quick ones take one back.

import type { Clock } from "../engine/clock.ts";
import type { Logger, Origin } from "../engine/contracts.ts";
import { DataError, toError } from "../engine/errors.ts";
import type { Expression } from "./expression.ts";
import {
  CUT_OFF_MS,
  EVALUATIONS_PER_PARDON,
  MAX_COUNTED,
  MAX_LITERAL_ELEMENTS,
  MAX_STRIKES,
  MAX_UNWATCHED_BYTES,
  MAX_UNWATCHED_STEPS,
  SLOW_MS,
} from "./limits.ts";
import type { Scope, Variables } from "./scope.ts";
import { sizeOf } from "./size.ts";
import { CutOff, Watchdog } from "./watchdog.ts";

export class Evaluator {
  private strikes = 0;
  private warned = false;
  private evaluations = 0;
  private readonly watchdog = new Watchdog(CUT_OFF_MS);

  constructor(
    private readonly expression: Expression,
    private readonly scope: Scope,
    private readonly world: { readonly clock: Clock; readonly log: Logger },
  ) {}

  /** A CEL value. Throws DataError, with a code of `expressionRejects`. */
  evaluate(value: unknown, origin: Origin): unknown {
    if (this.strikes >= MAX_STRIKES) throw tooSlow("it was too slow before and is switched off");
    const variables = this.scope.variables(value, origin);
    const { clock } = this.world;
    const startedMs = clock.nowMs();
    try {
      return this.mayTakeLong(variables, origin)
        ? this.watchdog.within(() => this.expression.evaluate(variables))
        : this.expression.evaluate(variables);
    } catch (error) {
      if (error instanceof CutOff) {
        this.strike(CUT_OFF_MS);
        throw tooSlow(`it was ended after ${CUT_OFF_MS} ms`);
      }
      throw new DataError("expression-failed", reasonOf(error), { cause: error });
    } finally {
      this.measure(clock.nowMs() - startedMs);
    }
  }

  private mayTakeLong(variables: Variables, origin: Origin): boolean {
    const { loops, nodes, joins } = this.expression;
    if (loops === 0) return origin.body.byteLength > MAX_UNWATCHED_BYTES;
    const { longest, total } = sizeOf([variables["event"], variables["attributes"]], MAX_COUNTED);
    if (total >= MAX_COUNTED) return true;
    // A text can be split into a list of its characters; an expression brings lists of its own.
    const splits = this.expression.text.includes("split") ? total : 0;
    const rounds = Math.max(longest, splits, this.expression.text.includes("[") ? MAX_LITERAL_ELEMENTS : 1);
    return nodes * (rounds * (joins ? nodes : 1)) ** loops > MAX_UNWATCHED_STEPS;
  }

  private measure(tookMs: number): void {
    this.evaluations += 1;
    if (tookMs > SLOW_MS && tookMs < CUT_OFF_MS) this.strike(tookMs);
    if (this.strikes < MAX_STRIKES && this.evaluations % EVALUATIONS_PER_PARDON === 0)
      this.strikes = Math.max(0, this.strikes - 1);
  }

  private strike(tookMs: number): void {
    this.strikes += 1;
    const fields = { expression: this.expression.text.slice(0, 200), tookMs: Math.round(tookMs) };
    if (this.strikes === MAX_STRIKES)
      this.world.log.error(fields, "an expression was too slow too often and is switched off");
    else if (!this.warned) this.world.log.warn(fields, "an expression is slow");
    this.warned = true;
  }
}

function tooSlow(why: string): DataError {
  return new DataError("expression-too-slow", `the expression takes too long: ${why}`);
}

/** The library's summary names fields, never values of the event. */
function reasonOf(error: unknown): string {
  const summary = (error as { summary?: unknown }).summary;
  const text = typeof summary === "string" ? summary : toError(error).message;
  return `the expression failed: ${text.slice(0, 200)}`;
}
