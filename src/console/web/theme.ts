// Light or dark: as the system says, unless a person says otherwise here.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "sluice-theme";

export const theme = signal<Theme>(kept());
/** Grows when colours may have changed, for what is painted and does not follow by itself. */
export const paint = signal(0);

export function nextTheme(): void {
  theme.value = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
}

export function followTheme(): void {
  effect(() => {
    const { dataset } = document.documentElement;
    if (theme.value === "system") {
      delete dataset["theme"];
      localStorage.removeItem(KEY);
    } else {
      dataset["theme"] = theme.value;
      localStorage.setItem(KEY, theme.value);
    }
    paint.value = paint.peek() + 1;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    paint.value = paint.peek() + 1;
  });
}

function kept(): Theme {
  const text = localStorage.getItem(KEY);
  return text === "light" || text === "dark" ? text : "system";
}
