const longest = 2000 // milliseconds until a browser counts as idle that never is

/** Resolves when the browser has nothing else to do. */
export function idle(): Promise<void> {
  return new Promise(resolve => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: longest })
    else setTimeout(resolve) // Safari
  })
}
