// How much there is to loop over in a value: for deciding whether an evaluation needs a watchdog.

export interface Size {
  /** The longest list or map. */
  readonly longest: number;
  /** Characters, members and elements together; MAX_COUNTED or more: it was not counted to the end. */
  readonly total: number;
}

/** Stops counting at `limit`, so that its own cost is bounded. */
export function sizeOf(value: unknown, limit: number): Size {
  let longest = 0;
  let total = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && total < limit) {
    const one = open.pop();
    if (typeof one === "string") total += one.length;
    else if (typeof one === "object" && one !== null) {
      const members: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
      total += members.length;
      if (members.length > longest) longest = members.length;
      if (total < limit) for (const member of members) open.push(member);
    } else total += 1;
  }
  return { longest, total };
}
