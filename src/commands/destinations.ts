// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

export interface DestinationOptions extends GlobalOptions, StoreOptions {
  /** Undefined: JSON unless stdout is a terminal. */
  readonly json?: boolean | undefined;
}

/** What `create` and `edit` set; undefined: not given. */
export interface DestinationSettings {
  readonly name?: string | undefined;
  readonly on?: boolean | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly userKind?: string | undefined;
  readonly anonymousKind?: string | undefined;
  readonly eventsPerSecond?: number | undefined;
  readonly requestsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** A reference, which is no secret. */
  readonly writeKeyRef?: string | undefined;
}

export function destinationsCommand(cli: Argv<GlobalOptions>): void {
  cli.command("destinations <command>", "See and change the destinations of the store", (yargs) => {
    list(yargs);
    show(yargs);
    create(yargs);
    edit(yargs);
    for (const on of [true, false]) switchTo(yargs, on);
    test(yargs);
    remove(yargs);
    return yargs
      .demandCommand(1, "Say what to do: list, show, create, edit, on, off, test or delete.")
      .epilogue(
        "Running pipelines on this machine take changes within two seconds. A write key is asked for, or read from " +
          "stdin; it is never an argument, where others could see it.",
      );
  });
}

function list(cli: Argv<GlobalOptions>): void {
  cli.command(
    "list [pipelines..]",
    "All destinations of the store, and those that stand in git beside the pipelines",
    (yargs) =>
      withStore(yargs.positional("pipelines", { type: "string", array: true, describe: "Pipeline files" })),
    async (argv) => {
      const { listDestinations } = await import("./destinations/list.ts");
      process.exitCode = await listDestinations(argv);
    },
  );
}

function show(cli: Argv<GlobalOptions>): void {
  cli.command(
    "show <id>",
    "One destination in full; its write key stays hidden",
    (yargs) => withStore(withId(yargs)),
    async (argv) => {
      const { showDestination } = await import("./destinations/list.ts");
      process.exitCode = await showDestination(argv);
    },
  );
}

function create(cli: Argv<GlobalOptions>): void {
  cli.command(
    "create",
    "Add a destination; the write key is asked for, or read from stdin",
    (yargs) =>
      withStore(withSettings(yargs))
        .option("environment", {
          type: "string",
          demandOption: true,
          requiresArg: true,
          describe: "LaunchDarkly environment id: the client-side id",
        })
        .option("project", {
          type: "string",
          default: "*",
          describe: "LaunchDarkly project id; * for any project",
        })
        .demandOption("name")
        .example(
          "$0 destinations create --name Production --environment 5d4b12345d2a2806bd2cc6eb --on",
          "Asks for the key",
        )
        .example(
          "$0 destinations create --name EU --environment 5d4b… --region eu --write-key-ref '${env:SEGMENT_WRITE_KEY_EU}'",
          "Keeps a reference",
        ),
    async (argv) => {
      const { createDestination } = await import("./destinations/change.ts");
      process.exitCode = await createDestination(argv);
    },
  );
}

function edit(cli: Argv<GlobalOptions>): void {
  cli.command(
    "edit <id>",
    "Change a destination; what is not given stays as it is",
    (yargs) =>
      withStore(withSettings(withId(yargs)))
        .option("write-key", {
          type: "boolean",
          default: false,
          describe: "Ask for a new write key, or read it from stdin",
        })
        .example("$0 destinations edit 6743… --write-key < new-key.txt", "A new write key"),
    async (argv) => {
      const { editDestination } = await import("./destinations/change.ts");
      process.exitCode = await editDestination(argv);
    },
  );
}

function switchTo(cli: Argv<GlobalOptions>, on: boolean): void {
  cli.command(
    `${on ? "on" : "off"} <id>`,
    on ? "Send events to it" : "Send no events to it any more; held ones become dead letters",
    (yargs) => withStore(withId(yargs)),
    async (argv) => {
      const { editDestination } = await import("./destinations/change.ts");
      process.exitCode = await editDestination({ ...argv, on, writeKey: false });
    },
  );
}

function test(cli: Argv<GlobalOptions>): void {
  cli.command(
    "test <id>",
    "Send one example event of each kind, and say what became of it",
    (yargs) =>
      withStore(withId(yargs)).option("kind", {
        choices: ["feature", "click", "custom", "page"] as const,
        array: true,
        requiresArg: true,
        describe: "Only this kind; may be repeated",
      }),
    async (argv) => {
      const { testDestination } = await import("./destinations/test.ts");
      process.exitCode = await testDestination(argv);
    },
  );
}

function remove(cli: Argv<GlobalOptions>): void {
  cli.command(
    "delete <id>",
    "Remove a destination",
    (yargs) =>
      withStore(withId(yargs))
        .option("yes", { type: "boolean", default: false, describe: "Do not ask" })
        .option("force", {
          type: "boolean",
          default: false,
          describe: "Though it is on: events held for it become dead letters",
        }),
    async (argv) => {
      const { deleteDestination } = await import("./destinations/change.ts");
      process.exitCode = await deleteDestination(argv);
    },
  );
}

function withStore<T>(yargs: Argv<T>) {
  return yargs.options(storeOption).option("json", {
    type: "boolean",
    describe: "JSON; the default off a terminal",
  });
}

function withId<T>(yargs: Argv<T>) {
  return yargs.positional("id", { type: "string", demandOption: true, describe: "Its id, as list shows it" });
}

function withSettings<T>(yargs: Argv<T>) {
  return yargs
    .option("name", { type: "string", requiresArg: true, describe: "For people" })
    .option("on", { type: "boolean", describe: "Send events to it; --no-on: do not" })
    .option("region", { choices: ["us", "eu"] as const, describe: "Region of the Segment workspace" })
    .option("endpoint", { type: "string", requiresArg: true, describe: "Base URL in place of a region" })
    .option("user-kind", { type: "string", requiresArg: true, describe: "Context kind of the userId" })
    .option("anonymous-kind", {
      type: "string",
      requiresArg: true,
      describe: "Context kind of the anonymousId",
    })
    .option("events-per-second", { type: "number", requiresArg: true, describe: "Most events in any second" })
    .option("requests-per-second", {
      type: "number",
      requiresArg: true,
      describe: "Most requests in any second",
    })
    .option("bytes-per-second", { type: "number", requiresArg: true, describe: "Most bytes in any second" })
    .option("write-key-ref", {
      type: "string",
      requiresArg: true,
      describe: "Keep a reference in place of a key: ${env:NAME} or ${file:path}",
    });
}
