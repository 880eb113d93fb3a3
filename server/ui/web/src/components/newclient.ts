import { html, LitElement } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { post, told } from "../api"
import { go } from "../router"
import { base, controls } from "../styles"
import type { Client } from "../types"
import type { Dialog } from "./dialog"

/** Asks for a new client's name, makes the record and goes there. */
@customElement("wed-new-client")
export class NewClient extends LitElement {
  static override styles = [base, controls]

  @query("wed-dialog") private dialog!: Dialog
  @query("input") private name!: HTMLInputElement
  @state() private trouble = ""
  @state() private busy = false
  #key = ""

  async open(): Promise<void> {
    this.#key = crypto.randomUUID() // sent again after a break, it makes no second record
    this.trouble = ""
    await this.dialog.open()
    this.name.value = ""
    this.name.focus()
  }

  override render() {
    return html`
      <wed-dialog heading="New client">
        <form id="new" class="field" @submit=${this.#make}>
          <label for="name">Names of the couple</label>
          <input id="name" required maxlength="200" autocomplete="off" placeholder="Ada Okafor & Ben Lindqvist" aria-describedby="trouble">
          <p id="trouble" class="error small" role="alert">${this.trouble}</p>
        </form>
        <button slot="actions" @click=${() => this.dialog.close()}>Cancel</button>
        <button slot="actions" class="primary" ?disabled=${this.busy} @click=${this.#make}>Make the record</button>
      </wed-dialog>`
  }

  async #make(event: Event) {
    event.preventDefault()
    const name = this.name.value.trim()
    if (!name || this.busy) return this.name.focus()
    this.busy = true
    try {
      const made = await post<Client>("/api/clients", { fields: { name, notes: "" } }, { key: this.#key })
      this.dialog.close()
      go(`/clients/${made.client_id}`)
    } catch (error) {
      this.trouble = told(error)
    } finally {
      this.busy = false
    }
  }
}
