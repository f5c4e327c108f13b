// One CEL expression, compiled once (Common Expression Language, language definition). Numbers of events are
// doubles; a whole number in the expression mixes with them.

import { Environment, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";

import { guess, type ExpressionProblem } from "./expression-problem.ts";
import {
  MAX_ARGUMENTS,
  MAX_DEPTH,
  MAX_EXPRESSION_CHARACTERS,
  MAX_LITERAL_ELEMENTS,
  MAX_SYNTAX_NODES,
} from "./limits.ts";
import { Patterns } from "./linear-match.ts";
import type { Scope, Variables } from "./scope.ts";
import { StaticRules } from "./static-rules.ts";
import { countNodes } from "./syntax.ts";

export interface Expression {
  readonly text: string;
  /** Throws whatever the library throws: a missing field, a wrong type. */
  evaluate(variables: Variables): unknown;
  readonly nodes: number;
  readonly loops: number;
  /** Joins texts or lists: in a loop they grow. */
  readonly joins: boolean;
}

export interface ExpressionOptions {
  readonly scope: Scope;
  /** What the expression must give, as far as that can be known at load. */
  readonly gives: "true-or-false" | "anything";
}

export type CompiledExpression =
  | { readonly expression: Expression }
  | { readonly problems: readonly ExpressionProblem[] };

/** Never throws for what is written. */
export function compileExpression(text: string, { scope, gives }: ExpressionOptions): CompiledExpression {
  if (text.length > MAX_EXPRESSION_CHARACTERS)
    return oneProblem(0, `${text.length} characters, at most ${MAX_EXPRESSION_CHARACTERS} are taken`);
  const patterns = new Patterns();
  const environment = environmentOf(Object.keys(scope.fields), patterns);
  let program: ParseResult;
  try {
    program = environment.parse(text);
  } catch (error) {
    return { problems: [explain(error, scope, environment)] };
  }
  const rules = new StaticRules(scope.fields, patterns);
  rules.check(program.ast);
  const { valid, type, error } = program.check();
  if (!valid) {
    const problem = explain(error, scope, environment);
    // The library stops at its first mistake; ours are more precise about the same place.
    if (rules.problems.length === 0 || error?.code === "unknown_variable") rules.problems.push(problem);
  } else if (gives === "true-or-false" && type !== "bool" && type !== "dyn")
    rules.problems.push({ at: 0, message: `it must be true or false, but gives ${typeName(type)}` });
  if (rules.problems.length > 0) return { problems: rules.problems };
  const { loops } = rules;
  const joins = hasPlus(program.ast);
  return {
    expression: { text, evaluate: program, nodes: countNodes(program.ast), loops, joins },
  };
}

function environmentOf(variables: readonly string[], patterns: Patterns): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: {
      maxAstNodes: MAX_SYNTAX_NODES,
      maxDepth: MAX_DEPTH,
      maxListElements: MAX_LITERAL_ELEMENTS,
      maxMapEntries: MAX_LITERAL_ELEMENTS,
      maxCallArguments: MAX_ARGUMENTS,
    },
  });
  // Events are trusted to no type: the static rules know the fields, the evaluation looks at what is there.
  for (const name of variables) environment.registerVariable(name, "dyn");
  environment.registerFunction("re(string, string): bool", (text: string, pattern: string) =>
    patterns.match(text, pattern),
  );
  for (const [op, calculate] of Object.entries(arithmetic)) {
    environment.registerOperator(`double ${op} int: double`, calculate);
    environment.registerOperator(`int ${op} double: double`, calculate);
  }
  return environment;
}

type Calculate = (left: number | bigint, right: number | bigint) => number;

/** Strict CEL wants `event.metricValue * 2.0`; JSON does not tell 2 from 2.0. */
const arithmetic: Readonly<Record<string, Calculate>> = {
  "+": (left, right) => Number(left) + Number(right),
  "-": (left, right) => Number(left) - Number(right),
  "*": (left, right) => Number(left) * Number(right),
  "/": (left, right) => Number(left) / Number(right),
};

function hasPlus(node: ASTNode): boolean {
  // Texts in an expression may hold a "+" too: an estimate may be too high.
  return node.input.includes("+");
}

function oneProblem(at: number, message: string): CompiledExpression {
  return { problems: [{ at, message }] };
}

function explain(error: unknown, scope: Scope, environment: Environment): ExpressionProblem {
  if (!(error instanceof ParseError) && !(error instanceof CelTypeError))
    return { at: 0, message: error instanceof Error ? error.message : String(error) };
  const at = error.range?.start ?? 0;
  const [, unknown] = /^Unknown variable: (\w+)$/.exec(error.summary) ?? [];
  if (unknown !== undefined)
    return { at, message: `unknown field ${unknown}${guess(unknown, Object.keys(scope.fields))}` };
  const [, called] = /^found no matching overload for '(?:[^']*\.)?(\w+)\(/.exec(error.summary) ?? [];
  if (called !== undefined) {
    const functions = environment.getDefinitions().functions.map(({ name }) => name);
    if (!functions.includes(called))
      return { at, message: `unknown function ${called}${guess(called, [...new Set(functions)])}` };
  }
  const [, limit] = /^Exceeded (\w+)/.exec(error.summary) ?? [];
  if (limit !== undefined) return { at, message: `too large: ${limits[limit] ?? limit}` };
  return { at, message: lowerFirst(error.summary.replace("Unexpected token: EOF", "it ends too early")) };
}

const limits: Readonly<Record<string, string>> = {
  maxAstNodes: `at most ${MAX_SYNTAX_NODES} parts are taken`,
  maxDepth: `at most ${MAX_DEPTH} levels are taken`,
  maxListElements: `at most ${MAX_LITERAL_ELEMENTS} elements of a list are taken`,
  maxMapEntries: `at most ${MAX_LITERAL_ELEMENTS} entries of a map are taken`,
  maxCallArguments: `at most ${MAX_ARGUMENTS} arguments are taken`,
};

function typeName(type: string | undefined): string {
  if (type === "string") return "a text";
  if (type === "int" || type === "double" || type === "uint") return "a number";
  return type ?? "something else";
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
