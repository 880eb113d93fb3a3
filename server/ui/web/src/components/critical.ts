import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { post, told } from "../api"
import { deviceNames } from "../devicenames"
import { ago, label, value, who } from "../format"
import { Loading } from "../loading"
import { mayDecide, session } from "../session"
import { base, controls } from "../styles"
import { meaning } from "../typed"
import type { Conflict, FieldPolicy, Proposal, Value } from "../types"
import { Watch } from "../watch"
import { toast } from "./toasts"

const plainNumber = new Intl.NumberFormat(navigator.language, { maximumFractionDigits: 20, numberingSystem: "latn" }) // which can be typed

/** A critical field: what counts, and what waits for approval. A value that is entered is
 *  told as "commit" when the field is left, not at each keystroke. */
@customElement("wed-critical")
export class Critical extends LitElement {
  static override styles = [base, controls, css`
    :host { display: grid; align-content: start; }
    .head { display: flex; align-items: baseline; gap: var(--space-2); padding-block-end: var(--space-1); }
    .head label { flex: 1; }
    input { font-size: var(--size-large); font-weight: 560; min-block-size: 2.75rem; font-variant-numeric: tabular-nums; }
    #state { display: grid; gap: var(--space-2); }
    #state > :first-child { margin-block-start: var(--space-2); }
    .waiting { display: grid; gap: var(--space-2); }
    .waiting li { padding: var(--space-2) var(--space-3); border-inline-start: 3px solid var(--wait); border-radius: var(--radius-small); background: var(--wait-wash); }
    .what { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 var(--space-2); }
    .what strong { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    .what span { color: var(--wait); font-weight: 560; font-size: var(--size-small); }
    .by { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-1) var(--space-3); font-size: var(--size-small); color: var(--text-soft); }
    .by a, .by button { font-size: var(--size-small); }
    button.plain { min-block-size: 1.5rem; padding: 0 0.25rem; text-decoration: underline; text-underline-offset: 0.2em; }
    .unsent { font-size: var(--size-small); color: var(--wait); }
  `]

  @property({ attribute: false }) policy!: FieldPolicy
  /** What the document shows, or what counts if there is no document yet. */
  @property({ attribute: false }) shown: Value = null
  /** What counted when the hub was last asked. */
  @property({ attribute: false }) accepted: Value = null
  /** The conflict that waits, empty if none does. */
  @property() conflict = ""
  /** Whether the hub has all that was edited here. */
  @property({ type: Boolean }) synced = true
  @property({ type: Boolean }) readonly = false
  @query("input") private input!: HTMLInputElement
  @state() private trouble = ""
  #began = "" // what stood in the field before anything was entered
  #waiting = new Loading<Conflict | null>(this, () => (this.conflict ? `/api/conflicts/${encodeURIComponent(this.conflict)}` : ""), ["wedsync.conflict.", "wedsync.proposal."])

  constructor() {
    super()
    new Watch(this, deviceNames)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("conflict")) void this.#waiting.reload()
  }

  override updated(changed: PropertyValues<this>) {
    // What somebody is entering stays until they leave the field.
    if (changed.has("shown") && this.shadowRoot?.activeElement !== this.input) this.#show()
  }

  override render() {
    const { path, kind } = this.policy
    return html`
      <div class="head"><label for="value">${label(path)}</label></div>
      <input id="value" type=${kind === "date" ? "date" : "text"} inputmode=${kind === "money" || kind === "number" ? "decimal" : "text"}
        ?readonly=${this.readonly} autocomplete="off" maxlength="1000" aria-describedby="state" aria-invalid=${this.trouble !== ""}
        @blur=${this.#commit} @keydown=${this.#key}>
      <div id="state" aria-live="polite">
        ${this.trouble ? html`<p class="error small">${this.trouble}</p>` : nothing}
        ${this.#unsent()}
        ${this.#proposals()}
      </div>`
  }

  /** What was entered here and the hub does not have yet. */
  #unsent() {
    if (this.synced || this.#text() === this.#text(this.accepted)) return nothing
    return html`<p class="unsent" data-unsent>Kept here until you are online. ${value(this.accepted, this.policy.kind)} counts until then.</p>`
  }

  #proposals() {
    if (!this.conflict) return nothing
    const c = this.#waiting.body
    if (!c || c.id !== this.conflict) return html`<p class="unsent" data-waiting>An edit waits for approval.</p>`
    const open = c.proposals.filter(p => p.state === "open")
    return open.length === 0 ? nothing : html`<ul class="waiting">${open.map(p => this.#proposal(c, p))}</ul>`
  }

  #proposal(c: Conflict, p: Proposal) {
    const me = session.value?.user
    const mine = [p.author, ...p.co_authors].some(author => author.user === me)
    return html`
      <li data-waiting>
        <p class="what"><span>Waiting for approval</span><strong>${value(p.value, this.policy.kind)}</strong></p>
        <p class="by">${mine ? "you" : who(p.author)}${p.received_at ? `, ${ago(p.received_at)}` : ""}
          ${mayDecide(session.value) ? html`<a href="/inbox?conflict=${c.id}">Decide</a>` : nothing}
          ${mine ? html`<button class="plain" @click=${() => this.#withdraw(c, p)}>Take it back</button>` : nothing}</p>
      </li>`
  }

  async #withdraw(c: Conflict, p: Proposal) {
    try {
      await post(`/api/conflicts/${c.id}/proposals/${p.id}/withdraw`)
      toast({ text: `Taken back: ${value(p.value, this.policy.kind)}`, lasts: 5000 })
      await this.#waiting.reload()
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
  }

  /** A value as it stands in the field. */
  #text(v = this.shown): string {
    if (v === null || typeof v === "object") return ""
    const { kind } = this.policy
    return typeof v === "number" && (kind === "money" || kind === "number") ? plainNumber.format(v) : String(v)
  }

  #key(event: KeyboardEvent) {
    if (event.key === "Enter") this.input.blur()
    if (event.key === "Escape") {
      this.#show()
      this.trouble = ""
      this.input.blur()
    }
  }

  #show() {
    this.input.value = this.#text()
    this.#began = this.input.value
  }

  #commit() {
    this.trouble = ""
    if (this.readonly) return
    if (this.input.validity.badInput) {
      this.trouble = "Choose a whole date."
      return
    }
    const entered = this.input.value.trim()
    if (this.input.value === this.#began || entered === this.#text()) return this.#show() // what came meanwhile
    const { value, fault } = meaning(entered, this.policy.kind, this.shown)
    if (value === undefined) this.trouble = fault
    else this.dispatchEvent(new CustomEvent("commit", { detail: { field: this.policy.path, value } }))
  }
}
