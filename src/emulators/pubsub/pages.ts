import { invalid } from "./rpc-error.ts";
import type { Page } from "./wire.ts";

/** One page of a list, and the token of the next; a token is the position it starts at. */
export function pageOf<T>(
  all: readonly T[],
  { pageSize, pageToken }: Page,
  defaultSize: number,
): { items: readonly T[]; nextPageToken: string } {
  const from = pageToken === "" ? 0 : Number(pageToken);
  if (!Number.isInteger(from) || from < 0)
    throw invalid("Invalid page_token: pass the one of the last page.");
  const to = from + (pageSize > 0 ? Math.min(pageSize, defaultSize) : defaultSize);
  return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : "" };
}
