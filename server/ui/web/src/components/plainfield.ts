import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { value } from "../format"
import { base, controls } from "../styles"
import { meaning } from "../typed"
import type { Value } from "../types"

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
  #began = "" // what stood in the field before anything was entered

  override updated(changed: PropertyValues<this>) {
    if (changed.has("value") && this.input && this.shadowRoot?.activeElement !== this.input) this.#show()
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

  #show() {
    this.input!.value = this.#text()
    this.#began = this.input!.value
  }

  #commit() {
    this.trouble = ""
    if (this.readonly) return
    const entered = this.input!.value.trim()
    if (this.input!.value === this.#began || entered === this.#text()) return this.#show() // what came meanwhile
    const { value: detail, fault } = meaning(entered, this.#isNumber() ? "number" : "text")
    if (detail === undefined) this.trouble = fault
    else this.dispatchEvent(new CustomEvent("commit", { detail }))
  }
}
