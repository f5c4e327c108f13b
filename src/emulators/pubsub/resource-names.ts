// Resource names (Google, "Pub/Sub resource names"): `projects/P/topics/T`; an id has 3 to 255 characters, starts
// with a letter, and does not start with "goog".

import { invalid } from "./rpc-error.ts";

export type Collection = "topics" | "subscriptions" | "schemas" | "snapshots";

const idPattern = /^[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}$/;
const projectPattern = /^projects\/[^/]+$/;

export const deletedTopic = "_deleted-topic_";

/** The name, when a new resource may have it; otherwise throws INVALID_ARGUMENT in the service's words. */
export function checkedName(name: string, collection: Collection): string {
  const [projects, project, kind, id, ...rest] = name.split("/");
  const wellFormed = projects === "projects" && project && kind === collection && rest.length === 0;
  if (!wellFormed || !id || !idPattern.test(id) || id.startsWith("goog"))
    throw invalid(`Invalid [${collection}] name: (name=${name.slice(0, 300)})`);
  return name;
}

export function checkedProject(name: string): string {
  if (!projectPattern.test(name)) throw invalid(`Invalid [projects] name: (name=${name.slice(0, 300)})`);
  return name;
}

/** `orders` of `projects/p/topics/orders`. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** `projects/p` of `projects/p/topics/orders`. */
export function projectOf(name: string): string {
  return name.split("/", 2).join("/");
}
