// The access token. It lives in sessionStorage: gone with the tab, never in a cookie, never in an address.
//
//   not asked for --(401)--> asked for --(a person gives it)--> tried --(401)--> asked for, "not accepted"
//                                                                 `--(2xx)--> held

import { signal } from "@preact/signals";

const KEY = "sluice-token";

export const token = signal(sessionStorage.getItem(KEY) ?? "");
/** Undefined: no token is asked for; otherwise why. */
export const askedBecause = signal<string | undefined>(undefined);

export function giveToken(text: string): void {
  sessionStorage.setItem(KEY, text);
  token.value = text;
  askedBecause.value = undefined;
}

export function tokenRefused(): void {
  askedBecause.value = token.value === "" ? "" : "That token was not accepted.";
  sessionStorage.removeItem(KEY);
  token.value = "";
}
