declare module "spdx-satisfies" {
  /** Whether one licence expression is met by one of a list of licences. */
  export default function satisfies(expression: string, allowed: readonly string[]): boolean;
}

declare module "semver" {
  /** Whether a version lies in a range. */
  export function satisfies(version: string, range: string): boolean;
}
