import Table from "cli-table3";

import { declaredView, storedView } from "../../console/destination-view.ts";
import { NoSuchDestination } from "../../destinations/destination-keeper.ts";
import { shownWriteKey } from "../../destinations/kept-write-key.ts";
import { ANY_PROJECT, type StoredDestination } from "../../destinations/stored-destination.ts";
import type { Destination } from "../../engine/contracts.ts";
import { shortText } from "../dead-letters/plain-text.ts";
import type { DestinationOptions } from "../destinations.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadOrExplain } from "../load.ts";
import { show, withStore } from "./with-store.ts";

export async function listDestinations(
  options: DestinationOptions & { readonly pipelines?: readonly string[] | undefined },
): Promise<ExitCode> {
  const loaded = await loadOrExplain(options.pipelines ?? []);
  if (!loaded) return exitCode.invalidInput;
  const declared = loaded.flatMap(({ destinations }) => destinations.all());
  return withStore(options, async ({ destinations }) => {
    const stored = destinations.list();
    const views = [
      ...declared.map((one) => declaredView(one, [])),
      ...stored.map((one) => storedView(one, [])),
    ];
    show(options, { items: views }, () => table(declared, stored));
    return exitCode.done;
  });
}

export async function showDestination(
  options: DestinationOptions & { readonly id: string },
): Promise<ExitCode> {
  return withStore(options, async ({ destinations }) => {
    const found = destinations.get(options.id);
    if (!found) throw new NoSuchDestination(options.id);
    show(options, storedView(found, []), () => details(found));
    return exitCode.done;
  });
}

/** One destination, a line for each thing to know. */
export function details(of: StoredDestination): string {
  const rows = new Table({ style: { head: [], border: [] } });
  const { id, name, on, version, project, environment, settings, writeKey, updatedAtMs } = of;
  const changed = new Date(updatedAtMs).toISOString();
  const all = {
    id,
    name,
    on,
    version,
    changed,
    project,
    environment,
    writeKey: shownWriteKey(writeKey),
    ...settings,
  };
  for (const [key, value] of Object.entries(all)) rows.push([key, shortText(String(value), 80)]);
  return rows.toString();
}

function table(declared: readonly Destination[], stored: readonly StoredDestination[]): string {
  if (declared.length + stored.length === 0) return "no destinations; sluice destinations create adds one";
  const rows = new Table({
    head: ["id", "name", "environment", "project", "on", "version", "write key", "kept"],
    style: { head: [], border: [] },
  });
  for (const { id, name, environment, project = ANY_PROJECT, on } of declared)
    rows.push([id, shortText(name, 40), environment, project, mark(on), "", "", "in git"]);
  for (const { id, name, environment, project, on, version, writeKey } of stored)
    rows.push([
      id,
      shortText(name, 40),
      environment,
      project,
      mark(on),
      version,
      shownWriteKey(writeKey),
      "in the store",
    ]);
  return rows.toString();
}

function mark(on: boolean): string {
  return on ? "on" : "off";
}
