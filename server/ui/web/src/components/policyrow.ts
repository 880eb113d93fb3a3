import { css, html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"
import { label } from "../format"
import { base, controls } from "../styles"
import type { FieldPolicy } from "../types"
import { icon } from "./icon"

export const kinds: [FieldPolicy["kind"], string][] = [
  ["date", "Date"], ["text", "Text"], ["money", "Money"], ["number", "Number"], ["any", "Anything"],
]

export const reviews: [FieldPolicy["review"], string, string][] = [
  ["every_edit", "Every edit", "Edits of members wait for an owner."],
  ["conflicting_edits", "Only conflicts", "Edits count at once, unless somebody else has changed the field meanwhile."],
  ["locked", "Locked", "Only owners may change it."],
]

/** One critical field, to be edited or read. It tells of "change" with the field as it should be, and of "remove". */
@customElement("wed-policy-row")
export class PolicyRow extends LitElement {
  static override styles = [base, controls, css`
    :host { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--space-2) var(--space-3); align-items: end; padding: var(--space-4); }
    .path, .why { grid-column: 1 / -1; }
    button.remove { order: 1; min-inline-size: 2.5rem; min-block-size: 2.5rem; padding: 0.25rem; color: var(--text-soft); }
    .path { display: flex; align-items: end; gap: var(--space-2); }
    .path .field { flex: 1; }
    .read { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); }
    .read h3 { flex: 1 1 10rem; overflow-wrap: anywhere; }
    [aria-invalid="true"] { border-color: var(--bad); }
    @media (min-width: 48rem) {
      :host([editable]) { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr) minmax(0, 1fr) auto; }
      :host([editable]) .path { display: contents; }
      .why { order: 2; }
      /* Columns have their titles above the first row. */
      :host([further]) { padding-block: var(--space-3); }
      :host([further]) label { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
    }
  `]

  @property({ attribute: false }) field!: FieldPolicy
  @property({ type: Boolean }) editable = false
  /** What is wrong with it; empty if nothing is. */
  @property() trouble = ""

  override render() {
    const { path, kind, review } = this.field
    const why = reviews.find(([r]) => r === review)?.[2] ?? ""
    const reviewed = reviews.find(([r]) => r === review)?.[1] ?? review
    if (!this.editable) return html`
      <div class="path read">
        <h3>${label(path)} <span class="mono soft small">${path}</span></h3>
        <wed-badge>${kinds.find(([k]) => k === kind)?.[1] ?? kind}</wed-badge>
        <wed-badge tone=${review === "conflicting_edits" ? "plain" : "wait"}>${reviewed}</wed-badge>
      </div>
      <p class="why soft small">${why}</p>`
    return html`
      <div class="path">
        <button class="plain remove" aria-label="Remove ${path ? label(path) : "this field"}" title="No longer critical" @click=${() => this.dispatchEvent(new Event("remove"))}>${icon("close")}</button>
        <div class="field">
          <label for="path">Field</label>
          <input id="path" class="mono" maxlength="256" placeholder="venue.city" autocomplete="off" autocapitalize="off" spellcheck="false"
            .value=${path} aria-invalid=${this.trouble !== ""} aria-describedby="why" @input=${(e: Event) => this.#set({ path: (e.target as HTMLInputElement).value.trim() })}>
        </div>
      </div>
      <div class="field">
        <label for="kind">Kind</label>
        <select id="kind" @change=${(e: Event) => this.#set({ kind: (e.target as HTMLSelectElement).value as FieldPolicy["kind"] })}>
          ${kinds.map(([k, text]) => html`<option value=${k} .selected=${k === kind}>${text}</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="review">Needs approval</label>
        <select id="review" @change=${(e: Event) => this.#set({ review: (e.target as HTMLSelectElement).value as FieldPolicy["review"] })}>
          ${reviews.map(([r, text]) => html`<option value=${r} .selected=${r === review}>${text}</option>`)}
        </select>
      </div>
      <p id="why" class="why small ${this.trouble ? "error" : "soft"}">${this.trouble ? `This ${this.trouble}.` : why}</p>`
  }

  #set(change: Partial<FieldPolicy>) {
    this.dispatchEvent(new CustomEvent("change", { detail: { ...this.field, ...change } }))
  }
}
