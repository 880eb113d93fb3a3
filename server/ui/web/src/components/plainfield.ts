import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { value } from "../format"
import { base, controls } from "../styles"
import type { Value } from "../types"
import { numberOf } from "./critical"

/** An ordinary field that is set as a whole: a number, or a text that is none to write
 *  together. It tells of "commit" with the new value when the field is left. */
@customElement("wed-plain-field")
export class PlainField extends LitElement {
  static override styles = [base, controls]

  @property() label = ""
  @property({ attribute: false }) value: Value = null
  @property({ type: Boolean }) number = false
  @property({ type: Boolean }) readonly = false
  @query("input") private input?: HTMLInputElement
  @state() private trouble = ""

  override updated(changed: PropertyValues<this>) {
    if (changed.has("value") && this.input && this.shadowRoot?.activeElement !== this.input) this.input.value = this.#text()
  }

  override render() {
    if (this.value !== null && typeof this.value === "object") return html`<p>${value(this.value)}</p>`
    return html`
      <input aria-label=${this.label} ?readonly=${this.readonly} inputmode=${this.#isNumber() ? "decimal" : "text"} autocomplete="off" maxlength="2000"
        aria-describedby="trouble" @blur=${this.#commit} @keydown=${this.#key}>
      ${this.trouble ? html`<p id="trouble" class="error small" role="alert">${this.trouble}</p>` : nothing}`
  }

  #isNumber() {
    return this.number || typeof this.value === "number"
  }

  #text() {
    return this.value === null ? "" : String(this.value)
  }

  #key(event: KeyboardEvent) {
    if (event.key === "Enter") this.input?.blur()
  }

  #commit() {
    const entered = this.input!.value.trim()
    this.trouble = ""
    if (this.readonly || entered === this.#text()) return
    const number = numberOf(entered)
    if (this.#isNumber() && entered !== "" && !Number.isFinite(number)) {
      this.trouble = "This is no number."
      return
    }
    const detail: Value = entered === "" ? null : this.#isNumber() ? number : entered
    this.dispatchEvent(new CustomEvent("commit", { detail }))
  }
}
