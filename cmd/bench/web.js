// What measures the web app in its pages. Times are in milliseconds.
{
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve))
  const turn = () => new Promise(resolve => {
    const channel = new MessageChannel()
    channel.port1.onmessage = resolve
    channel.port2.postMessage(0)
  })

  /** Resolves when what is there now is painted, and the page free to do more. */
  async function painted() {
    await frame()
    await turn()
  }

  /** All elements at the end of a path of selectors, each of which looks into the shadow roots of those before. */
  function all(path) {
    return path.split(" ").reduce((roots, selector) => roots.flatMap(root => [...(root.shadowRoot ?? root).querySelectorAll(selector)]), [document])
  }

  const find = path => all(path)[0]

  /** Some milliseconds, or less if the page's scripts have run by then: what they show is in the next frame already. */
  const moment = () => new Promise(resolve => {
    setTimeout(resolve, 4)
    addEventListener("DOMContentLoaded", resolve, { once: true })
  })

  /** When an element is there, painted, and the page free. */
  async function usable(path) {
    while (!find(path)) await moment() // not frame: that would have the browser make frames that nobody needs
    await painted()
    return performance.now()
  }

  /** Follows a link of the navigation, and says how long it takes until an element is usable. */
  async function follow(path, to) {
    const link = find(`wed-app wed-frame a[href="${path}"]`)
    const began = performance.now()
    link.click()
    return (await usable(to)) - began
  }

  /** Scrolls to the end as fast as frames come, and says how long the longest task over 50 ms took, 0 if there was none. */
  async function scroll() {
    let longest = 0
    const observer = new PerformanceObserver(list => {
      for (const task of list.getEntries()) longest = Math.max(longest, task.duration)
    })
    observer.observe({ type: "longtask" })
    const end = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 5
    while (!end()) {
      scrollBy({ top: 700, behavior: "instant" })
      await frame()
    }
    await painted()
    for (const task of observer.takeRecords()) longest = Math.max(longest, task.duration)
    observer.disconnect()
    return longest
  }

  /** Moves to the end of the inbox with j, so many steps, and back with k. Says how long each key took until it was painted. */
  async function keys(steps) {
    const current = () => find("wed-app wed-frame wed-inbox wed-conflict[current]")?.conflict.id
    const took = []
    const press = async key => {
      const before = current()
      const began = performance.now()
      dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))
      await painted()
      if (current() === before) return false // what comes next is still on its way from the hub
      took.push(performance.now() - began)
      return true
    }
    for (const key of "jk") for (let n = 0; n < steps; ) if (await press(key)) n++
    return took
  }

  window.bench = { find, usable, follow, scroll, keys }
}
