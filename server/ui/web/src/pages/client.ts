import { html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"
import "../components/all"
import { label, value } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { Client } from "../types"

@customElement("wed-client")
export class ClientPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  @property() client = ""
  #record = new Loading<Client>(this, () => `/api/clients/${encodeURIComponent(this.client)}`, ["wedsync.client.", "wedsync.conflict."])

  override render() {
    if (this.#record.trouble) return html`<p class="error">${this.#record.trouble}</p>`
    const record = this.#record.body
    if (!record) return html`<wed-skeleton></wed-skeleton>`
    return html`
      <div class="page-head"><h1>${value(record.fields.name)}</h1></div>
      <ul class="card rows">${Object.entries(record.fields).map(([field, v]) => html`<li>${label(field)}: ${value(v)}</li>`)}</ul>`
  }
}
