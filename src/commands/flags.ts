import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

export interface FlagOptions extends GlobalOptions, StoreOptions {
  readonly json?: boolean | undefined;
  readonly environment?: string | undefined;
  readonly project: string;
}

export interface FlagSwitchOptions extends FlagOptions {
  readonly environment: string;
  readonly flags?: readonly string[] | undefined;
  readonly all: boolean;
  readonly on: boolean;
}

export function flagsCommand(cli: Argv<GlobalOptions>): void {
  cli.command("flags <command>", "See and switch which flags the store exports", (yargs) => {
    list(yargs);
    for (const on of [true, false]) switchTo(yargs, on);
    return yargs
      .demandCommand(1, "Say what to do: list, enable or disable.")
      .epilogue(
        "The store adds to what enablement.yaml or LaunchDarkly says; it cannot switch off what is on there.",
      );
  });
}

function list(cli: Argv<GlobalOptions>): void {
  cli.command(
    "list",
    "Environments and flags that are switched on in the store",
    (yargs) => withPlace(yargs),
    async (argv) => {
      const { listFlags } = await import("./flags/actions.ts");
      process.exitCode = await listFlags(argv);
    },
  );
}

function switchTo(cli: Argv<GlobalOptions>, on: boolean): void {
  cli.command(
    `${on ? "enable" : "disable"} [flags..]`,
    on ? "Export these flags" : "Export these flags no more",
    (yargs) =>
      withPlace(yargs)
        .positional("flags", { type: "string", array: true, describe: "Flag keys" })
        .option("all", {
          type: "boolean",
          default: false,
          describe: "Every flag of the environment, and its click, page view and custom events",
        })
        .demandOption("environment")
        .example(
          `$0 flags ${on ? "enable" : "disable"} checkout --environment 5d4b12345d2a2806bd2cc6eb`,
          "One flag",
        ),
    async (argv) => {
      const { switchFlags } = await import("./flags/actions.ts");
      process.exitCode = await switchFlags({ ...argv, on });
    },
  );
}

function withPlace<T>(yargs: Argv<T>) {
  return yargs
    .options(storeOption)
    .option("json", { type: "boolean", describe: "JSON; the default off a terminal" })
    .option("environment", {
      type: "string",
      requiresArg: true,
      describe: "Environment id: the client-side id",
    })
    .option("project", { type: "string", default: "*", describe: "Project id; * for any project" });
}
