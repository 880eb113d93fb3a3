import { css, html, LitElement, nothing } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { base, controls } from "../styles"
import { connection, partMissing, storageTrouble, unsyncedCount } from "../syncing"
import { Watch } from "../watch"
import { icon } from "./icon"

const patience = 1500 // milliseconds for a break to mend before it is told

/** How this browser stands to the hub, in two words: quiet while all is well. */
@customElement("wed-state")
export class State extends LitElement {
  static override styles = [base, css`
    :host { font-size: var(--size-small); }
    p { display: flex; align-items: center; gap: var(--space-2); padding: 0.3rem var(--space-3); border-radius: 2rem; color: var(--text-soft); min-block-size: 2rem; }
    i { flex: none; inline-size: 0.55rem; block-size: 0.55rem; border-radius: 50%; background: var(--good); }
    .held { white-space: nowrap; }
    .wait { background: var(--wait-wash); color: var(--wait); }
    .wait i { background: var(--wait); }
    .bad { background: var(--bad-wash); color: var(--bad); }
    .bad i { background: var(--bad); }
    svg { flex: none; inline-size: 1rem; block-size: 1rem; }
  `]

  @property({ type: Boolean, reflect: true }) compact = false
  @state() private online = navigator.onLine
  @state() private broken = false
  #timer?: ReturnType<typeof setTimeout>

  constructor() {
    super()
    new Watch(this, connection, partMissing, unsyncedCount)
  }

  override connectedCallback() {
    super.connectedCallback()
    window.addEventListener("online", this.#look)
    window.addEventListener("offline", this.#look)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    window.removeEventListener("online", this.#look)
    window.removeEventListener("offline", this.#look)
    clearTimeout(this.#timer)
  }

  override willUpdate() {
    if (connection.value === "connected" || connection.value === "off") { // off: nothing was tried yet
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.broken = false
    } else if (!this.broken) {
      this.#timer ??= setTimeout(() => (this.broken = true), patience)
    }
  }

  override render() {
    const n = unsyncedCount.value
    const held = n === 0 ? "" : n === 1 ? "1 record to send" : `${n} records to send`
    if (connection.value === "refused") return this.#show("bad", "Shut out", "An owner took this device's access away")
    if (!this.online) return this.#show("wait", held ? `Offline · ${held}` : "Offline", "Edits are kept here and sent later")
    if (partMissing.value) return this.#show("wait", "Not syncing", "A part of the app could not be loaded")
    if (this.broken) return this.#show("wait", held ? `No hub · ${held}` : "Hub not reached", "Trying again; edits are kept here")
    if (n > 0) return this.#show("plain", "Syncing", held)
    if (connection.value === "off") return this.#show("plain", "Connecting", "Edits are kept here meanwhile")
    return this.#show("plain", "Synced", "The hub has all that was edited here")
  }

  #show(tone: string, text: string, title: string) {
    const [how, held] = text.split(" · ")
    this.toggleAttribute("loud", tone !== "plain")
    return html`<p class=${tone} role="status" title=${title} data-state=${text}>${tone === "wait" ? icon("offline") : html`<i></i>`}<span>${how}${held ? html` · <span class="held">${held}</span>` : nothing}</span></p>`
  }

  #look = () => (this.online = navigator.onLine)
}

/** What everybody must know, over every page: that storage fails, or that records cannot be edited. */
@customElement("wed-notices")
export class Notices extends LitElement {
  static override styles = [base, controls, css`
    p { display: flex; gap: var(--space-3); align-items: center; padding: var(--space-3) var(--space-5); background: var(--bad-wash); color: var(--bad); }
    p.wait { background: var(--wait-wash); color: var(--wait); }
    .wait span { display: flex; flex-wrap: wrap; gap: var(--space-2) var(--space-3); align-items: center; }
    svg { flex: none; }
  `]

  constructor() {
    super()
    new Watch(this, partMissing, storageTrouble)
  }

  override render() {
    return html`
      ${storageTrouble.value ? html`<p role="alert">${icon("warning")}${storageTrouble.value}</p>` : nothing}
      ${partMissing.value ? html`
        <p class="wait" role="status">${icon("offline")}<span>Records cannot be edited here for now: a part of the app could not be loaded.
          <button class="small" @click=${() => location.reload()}>Load the app anew</button></span></p>` : nothing}`
  }
}

/** Says that a newer version waits. It tells of "take". */
@customElement("wed-update")
export class UpdateNotice extends LitElement {
  static override styles = [base, controls, css`
    p { display: flex; flex-wrap: wrap; gap: var(--space-2) var(--space-4); align-items: center; padding: var(--space-2) var(--space-5); background: var(--accent-wash); }
  `]

  override render() {
    return html`<p role="status">A newer version of the app is ready.
      <button class="small" @click=${() => this.dispatchEvent(new Event("take"))}>Load it</button></p>`
  }
}
