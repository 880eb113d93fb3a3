import { css, html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import { label } from "../format"
import { clientOf, names } from "../names"
import { base } from "../styles"
import { connection, storageTrouble, unsynced } from "../syncing"
import { Unsent } from "../unsent"
import { Watch } from "../watch"
import { icon } from "./icon"

/** What was edited in this browser and has not reached the hub. */
@customElement("wed-queue")
export class Queue extends LitElement {
  static override styles = [base, css`
    .line { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-3); padding: var(--space-4); }
    .line > div { flex: 1 1 14rem; }
    .mark { display: grid; place-items: center; flex: none; inline-size: 2rem; block-size: 2rem; border-radius: 50%; background: var(--good-wash); color: var(--good); }
    .mark.wait { background: var(--wait-wash); color: var(--wait); }
    .mark.bad { background: var(--bad-wash); color: var(--bad); }
    li { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-3); padding: var(--space-2) var(--space-4); border-block-start: 1px solid var(--line); }
    li > :first-child { flex: 1 1 12rem; }
  `]

  #held = new Unsent(this)

  constructor() {
    super()
    new Watch(this, unsynced, names, connection, storageTrouble)
  }

  override render() {
    const ids = Object.keys(unsynced.value)
    const state = connection.value
    const tone = state === "refused" || storageTrouble.value ? "bad" : ids.length > 0 || state !== "connected" ? "wait" : ""
    return html`
      <div class="line">
        <span class="mark ${tone}">${icon(tone === "bad" ? "warning" : tone === "wait" ? (state === "connected" ? "status" : "offline") : "check")}</span>
        <div role="status"><h2>This browser</h2><p class="soft">${this.#says(ids.length)}</p><slot name="says"></slot></div>
        <slot name="actions"></slot>
      </div>
      ${ids.length > 0 ? html`<ul aria-label="Not at the hub yet">${ids.map(id => this.#item(id))}</ul>` : ""}`
  }

  #says(n: number): string {
    if (storageTrouble.value) return storageTrouble.value
    const held = n === 1 ? "One record has edits" : `${n} records have edits`
    switch (connection.value) {
      case "refused": return `An owner took this browser’s access away. ${n > 0 ? `${held} that the hub does not have.` : "It had sent all that was edited here."}`
      case "connected": return n > 0 ? `${held} on the way to the hub.` : "Everything that was edited here has reached the hub."
      default: {
        const how = navigator.onLine ? "Connecting." : "Offline."
        return n > 0 ? `${how} ${held} that the hub does not have yet; they are kept here and sent when it is reached.` : `${how} Everything that was edited here so far has reached the hub.`
      }
    }
  }

  #item(id: string) {
    const client = clientOf(id)
    const { name, fields } = this.#held.of(id)
    return html`<li>
      <span>${client ? html`<a href="/clients/${client.id}">${client.name || "A client without a name"}</a>` : name || html`A client <span class="mono soft small">${id.slice(0, 8)}</span>`}</span>
      <span class="soft">${fields?.length ? fields.map(label).join(", ") : "edited here"}</span>
    </li>`
  }
}
