import type { Guard } from "../../engine/crash-loop.ts";

/** The same guard, for a run that must not end it. */
export function borrowed(guard: Guard): Guard {
  return {
    get watching() {
      return guard.watching;
    },
    around: (id, work) => guard.around(id, work),
    close: () => Promise.resolve(),
  };
}
