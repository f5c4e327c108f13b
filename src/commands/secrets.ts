import type { Argv } from "yargs";

import { exitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import { storeOption } from "./store-options.ts";

export function secretsCommand(cli: Argv<GlobalOptions>): void {
  cli.command("secrets <command>", "Master keys of the store", (yargs) =>
    yargs
      .command(
        "new-key",
        "Print a new master key, for SLUICE_SECRET_KEY; it is kept nowhere",
        () => undefined,
        async () => {
          const { newMasterKey } = await import("../destinations/master-keys.ts");
          process.stdout.write(`${newMasterKey()}\n`);
        },
      )
      .command(
        "rotate",
        "Seal every write key of the store under the first master key",
        (one) =>
          one
            .options(storeOption)
            .example(
              "SLUICE_SECRET_KEY='<new> <old>' $0 secrets rotate",
              "Then take the old key away everywhere",
            ),
        async (argv) => {
          const { withStore } = await import("./destinations/with-store.ts");
          process.exitCode = await withStore(argv, async ({ destinations }) => {
            const done = await destinations.rotate();
            process.stdout.write(`${JSON.stringify(done)}\n`);
            return exitCode.done;
          });
        },
      )
      .demandCommand(1, "Say what to do: new-key or rotate."),
  );
}
