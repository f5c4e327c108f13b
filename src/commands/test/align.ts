// Which of the expected entries of a list is which of those that came: the longest pairing in order, so that one
// event too many is one difference and not one for every event after it.

export interface Pair {
  /** Index of what was expected; undefined: nobody expected this. */
  readonly want: number | undefined;
  /** Index of what came; undefined: it did not come. */
  readonly got: number | undefined;
}

const MOST_COMPARISONS = 250_000;

/** In order of both lists. Lists of one length are paired as they stand. */
export function align<W, G>(
  want: readonly W[],
  got: readonly G[],
  fits: (want: W, got: G) => boolean,
): Pair[] {
  if (want.length === got.length || want.length * got.length > MOST_COMPARISONS)
    return Array.from({ length: Math.max(want.length, got.length) }, (_, i) =>
      pair(i, i, want.length, got.length),
    );
  const lengths = commonLengths(want, got, fits);
  const pairs: Pair[] = [];
  let w = 0;
  let g = 0;
  // Between two pairs that fit, what is left over on both sides is paired too: it was probably changed.
  const gap = (wantEnd: number, gotEnd: number) => {
    while (w < wantEnd || g < gotEnd) pairs.push(pair(w++, g++, wantEnd, gotEnd));
    w = wantEnd;
    g = gotEnd;
  };
  for (let i = 0, j = 0; i < want.length && j < got.length; ) {
    if (fits(want[i]!, got[j]!) && lengths[i]![j]! === lengths[i + 1]![j + 1]! + 1) {
      gap(i, j);
      pairs.push({ want: i++, got: j++ });
      w = i;
      g = j;
    } else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i += 1;
    else j += 1;
  }
  gap(want.length, got.length);
  return pairs;
}

function pair(want: number, got: number, wantEnd: number, gotEnd: number): Pair {
  return { want: want < wantEnd ? want : undefined, got: got < gotEnd ? got : undefined };
}

/** `[i][j]`: how many pairs the rests of both lists can make. */
function commonLengths<W, G>(
  want: readonly W[],
  got: readonly G[],
  fits: (want: W, got: G) => boolean,
): number[][] {
  const lengths = Array.from({ length: want.length + 1 }, () => new Array<number>(got.length + 1).fill(0));
  for (let i = want.length - 1; i >= 0; i--) {
    for (let j = got.length - 1; j >= 0; j--) {
      lengths[i]![j] = fits(want[i]!, got[j]!)
        ? lengths[i + 1]![j + 1]! + 1
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}
