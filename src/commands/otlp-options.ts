export interface OtlpOptions {
  /** `http://127.0.0.1:4318`, with traces below /v1/traces and metrics below /v1/metrics. */
  readonly otlp?: string | undefined;
}

export const otlpOption = {
  otlp: {
    type: "string",
    requiresArg: true,
    describe:
      "Send OpenTelemetry traces and metrics to this collector (OTLP/HTTP); OTEL_… variables work as well",
  },
} as const;
