// Loaded with --import: every module that the program imports, and every CommonJS file that one of those requires, is
// added to the file that TRACE_MODULES names.

import { appendFileSync } from "node:fs";
import Module, { register } from "node:module";

const file = process.env.TRACE_MODULES;
const hook = `
  import { appendFileSync } from "node:fs";
  export async function load(url, context, next) {
    appendFileSync(${JSON.stringify(file)}, url + "\\n");
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
process.on("exit", () => appendFileSync(file, Object.keys(Module._cache).join("\n")));
