// Everything an expression may cost. Expressions are written by the people who own the pipeline, and run on
// data that anyone wrote: neither may stall the process.

export const MAX_EXPRESSION_CHARACTERS = 2_000;
export const MAX_SYNTAX_NODES = 500;
export const MAX_DEPTH = 24;
/** Elements of one list or map that is written into an expression. */
export const MAX_LITERAL_ELEMENTS = 200;
export const MAX_ARGUMENTS = 8;

/** `all`, `exists`, `exists_one`, `map` and `filter` in one expression. */
export const MAX_LOOPS = 3;
/** One inside the other. */
export const MAX_LOOP_DEPTH = 2;

export const MAX_PATTERN_CHARACTERS = 500;
/** Instructions of a compiled pattern: `(a{100}){100}` is short and has ten thousand. */
export const MAX_PATTERN_SIZE = 1_000;
/** Matching costs at most pattern size × text length. */
export const MAX_MATCHED_CHARACTERS = 4_096;

/** Estimated steps up to which an expression runs without a watchdog: about 30 ms. */
export const MAX_UNWATCHED_STEPS = 1_000_000;
/** Bytes of a record up to which an expression without loops runs without a watchdog. */
export const MAX_UNWATCHED_BYTES = 65_536;
/** Members, elements and characters that are counted to estimate steps. */
export const MAX_COUNTED = 20_000;
/** A watched evaluation is cut off after this long. */
export const CUT_OFF_MS = 50;

/** An evaluation that takes longer is a strike; this many strikes switch the expression off. */
export const SLOW_MS = 20;
export const MAX_STRIKES = 5;
/** So many evaluations forgive a strike: a busy machine or a pause of the garbage collector is nobody's fault. */
export const EVALUATIONS_PER_PARDON = 100;

export const MAX_PATH_CHARACTERS = 300;
export const MAX_PATH_DEPTH = 16;
