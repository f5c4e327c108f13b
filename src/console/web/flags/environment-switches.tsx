// The switches of a whole environment. What git or LaunchDarkly switches on stays on; the store adds to it.

import { toFailure } from "../api.ts";
import type { EnvironmentView } from "../api-types.ts";
import { say } from "../parts/announce.tsx";
import { Switch } from "../parts/switch.tsx";
import { nameOf, type Place, switchEnvironment } from "./flag-api.ts";

export interface EnvironmentSwitchesProps {
  readonly place: Place;
  readonly items: readonly EnvironmentView[];
  readonly reload: () => void;
}

const SWITCHES = [
  {
    key: "allFlags",
    name: "All flags",
    meaning: "Every evaluation of every flag, and every click, page view and custom event.",
  },
  { key: "events", name: "Clicks, page views and custom events", meaning: "Events that belong to no flag." },
] as const;

export function EnvironmentSwitches({ place, items, reload }: EnvironmentSwitchesProps) {
  const here = entriesOf(items, place);
  const change = async (key: "allFlags" | "events", on: boolean, name: string) => {
    try {
      await switchEnvironment(place, { [key]: on });
      say(`${name}: ${on ? "on" : "off"} for ${nameOf(place)}.`);
    } catch (error) {
      say(`It could not be switched: ${toFailure(error).message}`);
    }
    reload();
  };
  return (
    <ul class="switch-list">
      {SWITCHES.map(({ key, name, meaning }) => {
        const by = here.find((one) => one.declared && one[key]);
        const on = here.some((one) => one[key]);
        return (
          <li key={key}>
            <div>
              <span class="strong">{name}</span> {by && <Origin source={by.source} />}
              <p class="muted small">{meaning}</p>
            </div>
            <Switch
              on={on}
              label={`${name} of ${nameOf(place)}`}
              disabled={by !== undefined}
              {...(by ? { title: originTitle(by.source) } : {})}
              change={(next) => change(key, next, name)}
            />
          </li>
        );
      })}
    </ul>
  );
}

export function entriesOf(items: readonly EnvironmentView[], place: Place): EnvironmentView[] {
  return items.filter(
    ({ project, environment }) =>
      environment === place.environment &&
      (project === place.project || project === "*" || place.project === "*"),
  );
}

export function Origin({ source }: { readonly source: EnvironmentView["source"] }) {
  return (
    <span class="chip">
      {source === "git" ? "in git" : source === "launchdarkly" ? "LaunchDarkly" : "here"}
    </span>
  );
}

export function originTitle(source: EnvironmentView["source"]): string {
  return source === "git" ? "Declared in git: change it there." : "On at LaunchDarkly: switch it off there.";
}
