import { css, html, LitElement, nothing } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { alike, decidable, decideAll, lastProposal, type BulkAction, type BulkOutcome, type Scope } from "../bulk"
import { count, device, label, value } from "../format"
import { told } from "../problem"
import { openOnes, why } from "../saying"
import { base, controls } from "../styles"
import type { Kind } from "../typed"
import type { Conflict } from "../types"
import "./dialog"
import type { Dialog } from "./dialog"

const preview = 6 // conflicts that are shown of all

/** Decides all conflicts of one's kind: open(conflict). It tells of "decided" (a BulkOutcome). */
@customElement("wed-bulk")
export class BulkDialog extends LitElement {
  static override styles = [base, controls, css`
    .stack { display: grid; gap: var(--space-4); }
    fieldset { display: grid; gap: var(--space-2); margin: 0; padding: 0; border: 0; min-inline-size: 0; }
    legend { padding: 0 0 var(--space-1); font-weight: 600; }
    fieldset label { display: flex; gap: var(--space-2); align-items: start; font-size: inherit; font-weight: 450; color: var(--text); }
    fieldset input { flex: none; inline-size: 1.125rem; margin: 0.15rem 0 0; }
    ul { padding: var(--space-2) var(--space-3); border-radius: var(--radius-small); background: var(--sunken); font-size: var(--size-small); }
    li { padding-block: 0.2rem; overflow-wrap: anywhere; }
    progress { inline-size: 100%; accent-color: var(--accent); }
    .foot { display: flex; flex-wrap: wrap; justify-content: end; gap: var(--space-2); }
  `]

  @property() kind: Kind = "any"
  @state() private conflict?: Conflict
  @state() private scope: Scope = "field"
  @state() private action: BulkAction = "accept"
  @state() private note = ""
  @state() private all: Conflict[] | null = null
  @state() private busy = false
  @state() private done = 0
  @state() private trouble = ""
  @query("wed-dialog") private dialog!: Dialog
  #asked = 0

  open(conflict: Conflict): void {
    Object.assign(this, { conflict, scope: "field", action: "accept", note: "", trouble: "", busy: false, done: 0 })
    void this.#find()
    void this.dialog.open()
  }

  override render() {
    return html`
      <wed-dialog heading="Decide all of this kind">
        ${this.conflict ? this.#form(this.conflict) : nothing}
        <div class="foot" slot="actions">${this.#buttons(decidable(this.all ?? [], this.action))}</div>
      </wed-dialog>`
  }

  #form(c: Conflict) {
    const field = label(c.field).toLowerCase()
    const from = lastProposal(c)?.author.device
    const some = decidable(this.all ?? [], this.action)
    const left = (this.all?.length ?? 0) - some.length
    return html`
      <div class="stack">
        <fieldset ?disabled=${this.busy}>
          <legend>Which</legend>
          ${this.#radio("scope", "field", this.scope, `All about ${field}`)}
          ${from ? this.#radio("scope", "device", this.scope, `All about ${field} from ${device(from)}`) : nothing}
          ${this.#radio("scope", "reason", this.scope, `All about ${field} for the same reason: ${why(c.reason)}`)}
        </fieldset>
        <fieldset ?disabled=${this.busy}>
          <legend>What to do</legend>
          ${this.#radio("action", "accept", this.action, "Accept the proposed value of each")}
          ${this.#radio("action", "keep", this.action, "Keep what counts now for each")}
        </fieldset>
        ${this.all === null && !this.trouble ? html`<p class="soft" role="status">Looking for them…</p>` : html`
          <ul aria-label="What would be decided">
            ${some.slice(0, preview).map(one => this.#line(one))}
            ${some.length > preview ? html`<li class="soft">and ${count(some.length - preview)} more</li>` : nothing}
            ${some.length === 0 ? html`<li class="soft">None</li>` : nothing}
          </ul>
          ${left ? html`<p class="small soft">${count(left)} with several values, or none, ${left === 1 ? "is" : "are"} left for a look of their own.</p>` : nothing}`}
        <div class="field">
          <label for="note">Note for the authors <span class="soft">(optional)</span></label>
          <input id="note" maxlength="1000" autocomplete="off" .value=${this.note} ?disabled=${this.busy} @input=${(e: Event) => (this.note = (e.target as HTMLInputElement).value)}>
        </div>
        ${this.busy ? html`<progress max=${some.length} value=${this.done} aria-label="Decided"></progress>` : nothing}
        ${this.trouble ? html`<p class="error" role="alert">${this.trouble}</p>` : nothing}
      </div>`
  }

  #buttons(some: Conflict[]) {
    return html`
      <button @click=${() => this.dialog.close()}>Cancel</button>
      <button class="primary" ?disabled=${this.busy || some.length === 0} @click=${() => this.#decide(some)}>${this.action === "accept" ? "Accept" : "Keep"} ${count(some.length)}</button>`
  }

  #line(c: Conflict) {
    const now = value(c.current.value, this.kind)
    const then = openOnes(c).map(p => value(p.value, this.kind)).join(", ")
    return html`<li>${c.client_name}: ${this.action === "accept" ? html`<bdi>${now}</bdi> → <strong>${then}</strong>` : html`<strong>${now}</strong> stays, not ${then}`}</li>`
  }

  #radio(name: "scope" | "action", option: string, chosen: string, text: string) {
    return html`<label><input type="radio" name=${name} .checked=${option === chosen} @change=${() => this.#choose(name, option)}><span>${text}</span></label>`
  }

  #choose(name: "scope" | "action", option: string) {
    if (name === "action") {
      this.action = option as BulkAction
      return
    }
    this.scope = option as Scope
    void this.#find()
  }

  async #find() {
    const mine = ++this.#asked
    this.all = null
    this.trouble = ""
    try {
      const all = await alike(this.conflict!, this.scope)
      if (mine === this.#asked) this.all = all
    } catch (error) {
      if (mine === this.#asked) this.trouble = told(error)
    }
  }

  async #decide(some: Conflict[]) {
    this.busy = true
    this.trouble = ""
    let reached: BulkOutcome = { decided: [], refused: new Map() }
    try {
      reached = await decideAll(some, this.action, this.note.trim(), now => {
        reached = now
        this.done = now.decided.length + now.refused.size
      })
      this.dialog.close()
    } catch (error) {
      this.trouble = `${told(error)} ${reached.decided.length ? `${count(reached.decided.length)} are decided, the rest is as it was.` : "Nothing was decided that we know of."}`
      void this.#find()
    }
    this.busy = false
    this.dispatchEvent(new CustomEvent("decided", { detail: reached }))
  }
}
