import { css, html, LitElement, nothing } from "lit"
import { customElement, property, query } from "lit/decorators.js"
import { base, controls } from "../styles"
import { meaning, meant, type Kind, type Meaning } from "../typed"
import type { Value } from "../types"

/** Takes a value of a field's kind: .text is what is typed, .meaning what it means. It
 *  tells of "typed" at each change, and of "done" at Enter. */
@customElement("wed-value-input")
export class ValueInput extends LitElement {
  static override styles = [base, controls, css`
    :host { display: grid; gap: var(--space-1); }
    p { min-block-size: 1.5em; }
    textarea { min-block-size: 2.5rem; field-sizing: content; max-block-size: 12rem; }
    .number { font-variant-numeric: tabular-nums; }
  `]

  @property() label = "Value"
  @property() kind: Kind = "any"
  @property() text = ""
  /** The field's value, which shows what the kind any stands for. */
  @property({ attribute: false }) like: Value = ""
  /** Why the hub did not take it. */
  @property() fault = ""
  @query("input, textarea") private input!: HTMLInputElement

  get meaning(): Meaning {
    if (this.kind === "date" && this.input?.validity.badInput) return { fault: "Choose a whole date." }
    return meaning(this.text, this.kind, this.like)
  }

  override focus() {
    void this.updateComplete.then(() => this.input.focus())
  }

  override render() {
    const fault = this.fault || this.meaning.fault || ""
    return html`
      <label for="value">${this.label}</label>
      ${this.#input()}
      <p id="hint" class="small ${fault ? "error" : "soft"}" aria-live="polite">${fault || (this.text.trim() === "" ? "Left empty, it clears the field." : meant(this.text, this.kind))}</p>`
  }

  #input() {
    const invalid = this.fault || this.meaning.fault ? "true" : nothing
    switch (this.kind) {
      case "date":
        return html`<input id="value" type="date" max="9999-12-31" .value=${this.text} aria-describedby="hint" aria-invalid=${invalid} @input=${this.#typed} @keydown=${this.#key}>`
      case "money":
      case "number":
        return html`<input id="value" class="number" inputmode="decimal" autocomplete="off" .value=${this.text} aria-describedby="hint" aria-invalid=${invalid} @input=${this.#typed} @keydown=${this.#key}>`
      default:
        return html`<textarea id="value" rows="1" .value=${this.text} aria-describedby="hint" aria-invalid=${invalid} @input=${this.#typed} @keydown=${this.#key}></textarea>`
    }
  }

  #typed() {
    this.text = this.input.value
    this.dispatchEvent(new Event("typed"))
  }

  #key(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return
    event.preventDefault()
    this.dispatchEvent(new Event("done"))
  }
}
