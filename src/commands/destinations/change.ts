// create, edit, on, off, delete.

import { storedView } from "../../console/destination-view.ts";
import { Conflict, NoSuchDestination } from "../../destinations/destination-keeper.ts";
import type { DestinationOptions, DestinationSettings } from "../destinations.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { askForKey, confirm } from "./ask.ts";
import { details } from "./list.ts";
import { show, withStore } from "./with-store.ts";

type CreateOptions = DestinationOptions &
  DestinationSettings & { readonly name: string; readonly environment: string; readonly project: string };
type EditOptions = DestinationOptions &
  DestinationSettings & { readonly id: string; readonly writeKey: boolean };

export async function createDestination(options: CreateOptions): Promise<ExitCode> {
  const writeKey = options.writeKeyRef ?? (await askForKey());
  return withStore(options, async ({ destinations, scrubber }) => {
    scrubber.add(writeKey);
    const { name, environment, project, on = false } = options;
    const created = await destinations.create({
      name,
      environment,
      project,
      on,
      config: { ...settingsOf(options), writeKey },
    });
    show(options, storedView(created, []), () => details(created));
    return exitCode.done;
  });
}

export async function editDestination(options: EditOptions): Promise<ExitCode> {
  if (options.writeKey && options.writeKeyRef !== undefined)
    throw new UsageError(
      "--write-key asks for a key, --write-key-ref keeps a reference: give one of the two",
    );
  const writeKey = options.writeKeyRef ?? (options.writeKey ? await askForKey() : undefined);
  return withStore(options, async ({ destinations, scrubber }) => {
    if (writeKey !== undefined) scrubber.add(writeKey);
    const { name, on } = options;
    const changed = await destinations.update(options.id, (before) => {
      const given = settingsOf(options);
      const config: Record<string, unknown> = { ...before.config, ...given };
      // The two exclude each other: the one that is given takes the other's place.
      if ("region" in given && !("endpoint" in given)) delete config["endpoint"];
      if ("endpoint" in given && !("region" in given)) delete config["region"];
      return {
        ...before,
        ...(name === undefined ? {} : { name }),
        ...(on === undefined ? {} : { on }),
        config: { ...config, ...(writeKey === undefined ? {} : { writeKey }) },
      };
    });
    show(options, storedView(changed, []), () => details(changed));
    return exitCode.done;
  });
}

export async function deleteDestination(
  options: DestinationOptions & { readonly id: string; readonly yes: boolean; readonly force: boolean },
): Promise<ExitCode> {
  return withStore(options, async ({ destinations }) => {
    const found = destinations.get(options.id);
    if (!found) throw new NoSuchDestination(options.id);
    if (found.on && !options.force)
      throw new Conflict(
        "destination-in-use",
        `${found.name} is on, so running pipelines may send to it: switch it off first, or add --force; events held for it become dead letters then`,
      );
    if (!options.yes && !(await confirm(`${found.name} (${found.id}) will be deleted.`, "--yes")))
      return exitCode.failed;
    await destinations.remove(options.id);
    process.stderr.write(`deleted ${found.id}\n`);
    return exitCode.done;
  });
}

/** Only what was given. */
function settingsOf(options: DestinationSettings): object {
  const all = {
    region: options.region,
    endpoint: options.endpoint,
    userIdContextKind: options.userKind,
    anonymousIdContextKind: options.anonymousKind,
    eventsPerSecond: options.eventsPerSecond,
    requestsPerSecond: options.requestsPerSecond,
    bytesPerSecond: options.bytesPerSecond,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
