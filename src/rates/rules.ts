// The numbers of the shared rate. The Redis script is given them, so that there is one place.

/** A second, and what the network may squeeze two requests together. */
export const SECOND_MS = 1_004;
/** Within this time everybody who kept to its share hears that the store is back. */
export const GATHER_MS = 1_000;
/** At most this part of a second's worth is granted after a pause. */
export const BURST_SECONDS = 0.1;
/** The same of requests: the first after a pause carries all that waits, and bunches would come again each second. */
export const REQUEST_BURST_SECONDS = 0.025;
/** Work that waits for the rate is granted at least what comes in this time, so that requests are not tiny. */
export const LEAST_SECONDS = 0.02;
/** What a backfill leaves free for live traffic, of events and bytes. */
export const RESERVE = 0.012;
/** What live traffic leaves to a backfill that was heard of in the last second, of the requests. */
export const BACKFILL_REQUESTS = 0.2;
/** The least of events a backfill is granted: what comes in the time of so many requests, within `BACKFILL_SECONDS`. */
export const BACKFILL_LEAST = 3;
/** Below `BURST_SECONDS`, as it waits until so much was saved up beside the reserve. */
export const BACKFILL_SECONDS = 0.08;
/** A live asker that was told to wait is expected back so long after its time. */
export const RETURN_MS = 20;
/** A rate nobody asked for in this time is forgotten. */
export const FORGET_MS = 86_400_000;
/** Whoever waits only for grants that are not known to have been answered asks again so soon. */
export const ASK_AGAIN_MS = 10;
/** How many grants are looked at to find out how long to wait; whoever comes back too early asks again. */
export const LOOK_AT = 64;
/** How often each process says that it still uses a rate. */
export const ALIVE_MS = 300;
/** A rate that a process did not ask for in this time is no longer spoken for; it gathers anew when it is. */
export const UNUSED_MS = 3_600_000;

/** What the script of the Redis server counts by, in its order. */
export const scriptRules = [
  SECOND_MS,
  GATHER_MS,
  BURST_SECONDS,
  LEAST_SECONDS,
  RESERVE,
  RETURN_MS,
  FORGET_MS,
  LOOK_AT,
  REQUEST_BURST_SECONDS,
  BACKFILL_REQUESTS,
  BACKFILL_LEAST,
  BACKFILL_SECONDS,
  ASK_AGAIN_MS,
] as const;
