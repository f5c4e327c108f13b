/**
 * The same values, with the next one fetched while the last one is worked on: never more than one ahead. Leaving
 * the loop early waits for the fetch that is under way, so that the source below can be closed safely.
 */
export async function* readAhead<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = fetchNext(values);
  try {
    for (;;) {
      const result = await next;
      if (result.done) return;
      next = fetchNext(values);
      yield result.value;
    }
  } finally {
    // Its failure was thrown above, or nobody wants the value that it stood for.
    await next.catch(() => {});
    await values.return(undefined);
  }
}

function fetchNext<T>(values: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const next = values.next();
  // The loop sees a rejection when it gets there; until then it is not "unhandled".
  next.catch(() => {});
  return next;
}
