export interface ConsoleOptions {
  /** `127.0.0.1:8787`; undefined: no console. */
  readonly console?: string | undefined;
  readonly consoleName?: readonly string[] | undefined;
}

export const consoleOption = {
  console: {
    type: "string",
    describe: "Serve the REST API and console on this address (127.0.0.1:8787 when none is given)",
  },
  consoleName: {
    alias: "console-name",
    type: "string",
    array: true,
    requiresArg: true,
    describe: "A further host name under which the console is reached",
  },
} as const;
