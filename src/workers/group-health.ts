// The three answers of health for several workers as one.
//
//   startupz: every worker has run once
//   livez:    the supervisor turns; it kills and starts again what is stuck among the workers
//   readyz:   one worker at least is ready; degraded while any is not, or says that it is degraded

import type { HealthAnswers, Verdict } from "../telemetry/health.ts";
import type { SlotState, WorkerSlot } from "./worker-slot.ts";

export interface Group {
  readonly slots: readonly WorkerSlot[];
  readonly isStopping: boolean;
}

const inWords: Readonly<Record<SlotState, string>> = {
  starting: "is starting",
  running: "has not answered yet",
  waiting: "ended without being asked to, and waits to be started again",
  ended: "has ended",
};

export class GroupHealth implements HealthAnswers {
  private started = false;

  /** `look` brings what is known of the workers up to date. */
  constructor(
    private readonly group: Group,
    private readonly look: () => Promise<void>,
  ) {}

  live(): Verdict {
    return { ok: true, status: "alive", reasons: [] };
  }

  startup(): Verdict {
    const { slots } = this.group;
    const ran = slots.filter(({ everRan }) => everRan).length;
    if (ran === slots.length) this.started = true;
    if (this.started) return { ok: true, status: "started", reasons: [] };
    return { ok: false, status: "starting", reasons: [`${ran} of ${slots.length} workers started`] };
  }

  async ready(): Promise<Verdict> {
    const startup = this.startup();
    if (!startup.ok) return startup;
    await this.look();
    const { slots, isStopping } = this.group;
    const reasons = slots.flatMap(reasonsOf);
    if (isStopping) return { ok: false, status: "not ready", reasons: ["draining", ...reasons] };
    const ok = slots.some(({ state, health }) => state === "running" && health?.ready.ok === true);
    if (!ok) return { ok, status: "not ready", reasons };
    return { ok, status: reasons.length > 0 ? "degraded" : "ready", reasons };
  }
}

function reasonsOf({ number, state, health }: WorkerSlot): string[] {
  if (state !== "running" || !health) return [`worker ${number} ${inWords[state]}`];
  return health.ready.reasons.map((reason) => `worker ${number}: ${reason}`);
}
