// When to do what nobody waits for.

const longest = 2000 // milliseconds until a browser counts as idle that never is
const inputs = ["scroll", "wheel", "keydown", "pointerdown", "touchmove"]
const pause = 700 // milliseconds without any of them: longer than between two keys or two turns of a wheel
const longestBusy = 60_000 // milliseconds that somebody can go on without a pause

/** Resolves when somebody who scrolls or types has paused, and the browser is idle: then what takes long is in nobody's way. */
export async function pausing(): Promise<void> {
  await new Promise<void>(resolve => {
    const end = () => {
      clearTimeout(timer)
      clearTimeout(last)
      for (const kind of inputs) window.removeEventListener(kind, again, { capture: true })
      resolve()
    }
    const again = () => {
      clearTimeout(timer)
      timer = setTimeout(end, pause)
    }
    let timer = setTimeout(end, pause)
    const last = setTimeout(end, longestBusy)
    for (const kind of inputs) window.addEventListener(kind, again, { capture: true, passive: true })
  })
  await idle()
}

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
