import { checkPart, compile, holdsSecrets } from "./check.ts";
import type { DeclaredFile } from "./declared.ts";
import { toPointer } from "./positions.ts";
import type { ResolveContext } from "./resolve.ts";
import type { YamlFile } from "./yaml-file.ts";

/** The validated value in a box, or undefined when the file got problems. */
export async function checkDeclared(
  file: YamlFile,
  declared: DeclaredFile<unknown>,
  context: ResolveContext,
): Promise<{ value: unknown } | undefined> {
  if (file.value === undefined) return undefined;
  const hidesValues = isPrivate(declared);
  const part = { value: file.value, path: "", schema: declared.schema, owner: declared.owner, hidesValues };
  const { valid, value } = await checkPart(part, file, context);
  if (!valid) return undefined;
  for (const { path, code, message } of declared.check(value)) {
    file.add({ path: toPointer(path), code, message: context.scrubber.scrub(message) });
  }
  return file.problems.length === 0 ? { value } : undefined;
}

/** Whether the file is one to keep out of sight. */
export function isPrivate(declared: DeclaredFile<unknown>): boolean {
  return holdsSecrets(compile(declared.schema).schema);
}
