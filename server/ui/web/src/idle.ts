const longest = 2000 // milliseconds until a browser counts as idle that never is

/** Resolves when what there is to show is painted, and the browser has nothing else to do. */
export async function idle(): Promise<void> {
  await painted()
  await new Promise<void>(resolve => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: longest })
    else setTimeout(resolve) // Safari
  })
}

/** Resolves after the next frame, which a hidden page does not make. */
function painted(): Promise<void> {
  return new Promise(resolve => {
    requestAnimationFrame(() => setTimeout(resolve))
    setTimeout(resolve, longest)
  })
}
