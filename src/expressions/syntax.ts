// Walking the syntax tree of the CEL library.

import type { ASTNode } from "@marcbachmann/cel-js";

/** The nodes right below one; macros are seen as they were written. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}

const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);

export interface Loop {
  readonly variable: string;
  readonly over: ASTNode;
  readonly body: readonly ASTNode[];
}

/** `list.all(x, …)` and its like; undefined for any other node. */
export function loopOf(node: ASTNode): Loop | undefined {
  if (node.op !== "rcall" || !LOOPS.has(node.args[0])) return undefined;
  const [, over, [variable, ...body]] = node.args;
  return variable?.op === "id" ? { variable: variable.args, over, body } : undefined;
}

export function countNodes(node: ASTNode): number {
  return childrenOf(node).reduce((sum, child) => sum + countNodes(child), 1);
}
