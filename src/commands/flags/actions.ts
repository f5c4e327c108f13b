import Table from "cli-table3";

import type { StoredEnvironment } from "../../destinations/enablement-keeper.ts";
import { ANY_PROJECT } from "../../destinations/stored-destination.ts";
import { shortText } from "../dead-letters/plain-text.ts";
import { show, withStore } from "../destinations/with-store.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import type { FlagOptions, FlagSwitchOptions } from "../flags.ts";

const MOST_SHOWN = 50;

interface Listed extends StoredEnvironment {
  readonly flags: readonly string[];
}

export async function listFlags(options: FlagOptions): Promise<ExitCode> {
  return withStore(options, async ({ enablement }) => {
    const environments = enablement
      .list()
      .filter(({ environment }) => options.environment === undefined || environment === options.environment)
      .filter(({ project }) => options.project === ANY_PROJECT || project === options.project)
      .map((one) => ({ ...one, flags: enablement.flags(one) }));
    show(options, { items: environments }, () => table(environments));
    return exitCode.done;
  });
}

export async function switchFlags(options: FlagSwitchOptions): Promise<ExitCode> {
  const { all, on, flags = [], project, environment } = options;
  if (!all && flags.length === 0)
    throw new UsageError("Say which flags, or --all for the whole environment.");
  return withStore(options, async ({ enablement }) => {
    const changed = await enablement.change(
      { project, environment },
      { ...(all ? { allFlags: on } : {}), ...(on ? { flagsOn: flags } : { flagsOff: flags }) },
    );
    const listed = { ...changed, flags: enablement.flags(changed) };
    show(options, listed, () => table([listed]));
    return exitCode.done;
  });
}

function table(environments: readonly Listed[]): string {
  if (environments.length === 0)
    return "the store exports nothing; sluice flags enable switches something on";
  const rows = new Table({
    head: ["environment", "project", "all flags", "events", "flags"],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, null, 60],
  });
  for (const { environment, project, allFlags, events, flags } of environments) {
    const more = flags.length > MOST_SHOWN ? ` and ${flags.length - MOST_SHOWN} more` : "";
    const shown = flags.slice(0, MOST_SHOWN).map((flag) => shortText(flag, 64));
    rows.push([environment, project, allFlags ? "on" : "", events ? "on" : "off", shown.join(", ") + more]);
  }
  return rows.toString();
}
