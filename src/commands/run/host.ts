// What surrounds the pipelines of a process: who stops them, who keeps their rates, who looks at them. A process alone
// asks the system and opens ports; a worker has a supervisor for all of it (`worker-host.ts`).

import type { Logger } from "../../engine/contracts.ts";
import type { RateSharing } from "../../rates/rate-sharing.ts";
import { type OperatorPort, type OperatorPortParts, operatorPort } from "../operator-port.ts";
import { rateSharing } from "../rate-options.ts";
import type { RunOptions } from "../run.ts";
import { onStopSignal } from "../signals.ts";

export interface Host {
  /** Which worker this is, from 1; undefined: none. */
  readonly worker: number | undefined;
  /** Calls `stop` once, after this call, with what asked for it. The function it returns ends that. */
  onStop(stop: (reason: string) => void): () => void;
  /** Undefined: the rates are this process's alone. Throws UsageError. */
  rates(log: Logger): Promise<RateSharing | undefined>;
  /** Throws UsageError, and RunError when it cannot listen. */
  watch(parts: OperatorPortParts): Promise<OperatorPort | undefined>;
  /** Everything has started. */
  running(): void;
}

export function aloneHost(options: RunOptions, env: NodeJS.ProcessEnv = process.env): Host {
  return {
    worker: undefined,
    onStop: onStopSignal,
    rates: (log) => rateSharing(options, env, { log, priority: "live" }),
    watch: operatorPort,
    running: () => {},
  };
}

/** As lists of running processes say it. */
export function commandOf({ worker }: Host): "run" | `worker ${number}` {
  return worker === undefined ? "run" : `worker ${worker}`;
}
