/** What the process says when it ends; stable, for schedulers and scripts. */
export const exitCode = {
  done: 0,
  failed: 1,
  /** The command line or a definition is wrong; nothing was started. */
  invalidInput: 2,
  /** Stopped before everything in hand was dealt with; the rest comes again. */
  gaveBack: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** A mistake in the command line: shown without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
