// Light, dark, or as the system has it.

import { Source } from "./watch"

export type Theme = "system" | "light" | "dark"

const kept = "wedsync.theme"
const themes: Theme[] = ["system", "light", "dark"]

export const theme = new Source<Theme>(themes.find(t => t === localStorage.getItem(kept)) ?? "system")

export function chooseTheme(t: Theme): void {
  localStorage.setItem(kept, t)
  theme.set(t)
}

function apply(t: Theme): void {
  document.documentElement.style.colorScheme = t === "system" ? "" : t
}

theme.subscribe(apply)
apply(theme.value)
