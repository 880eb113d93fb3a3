// Keys that act without Ctrl. They can be turned off, for people who talk to their computer.

import { Source } from "./watch"

const stored = "wedsync.shortcuts"

export const shortcutsOn = new Source(localStorage.getItem(stored) !== "off")

export function setShortcuts(on: boolean): void {
  localStorage.setItem(stored, on ? "on" : "off")
  shortcutsOn.set(on)
}

/** The key of a press that is meant as a shortcut: not typed into something, not on a
 *  dialog, not with Ctrl, Alt or Meta. Empty for any other. */
export function shortcut(event: KeyboardEvent): string {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return ""
  for (const at of event.composedPath()) {
    if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement || at instanceof HTMLDialogElement) return ""
  }
  const single = event.key.length === 1
  return single && !shortcutsOn.value ? "" : event.key
}
