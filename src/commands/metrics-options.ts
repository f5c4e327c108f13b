export interface MetricsOptions {
  /** `127.0.0.1:9464`; undefined: no metrics, no health. */
  readonly metrics?: string | undefined;
  readonly stuckSeconds: number;
}

export const metricsOption = {
  metrics: {
    type: "string",
    describe:
      "Serve /metrics, /livez, /readyz and /startupz on this address (127.0.0.1:9464 when none is given)",
  },
  stuckSeconds: {
    alias: "stuck-seconds",
    type: "number",
    default: 120,
    describe: "/livez fails when a pipeline that could go on has not moved for so long",
  },
} as const;
