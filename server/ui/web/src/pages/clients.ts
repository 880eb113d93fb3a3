import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import "../components/all"
import { value } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { ClientPage } from "../types"

@customElement("wed-clients")
export class ClientsPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  #list = new Loading<ClientPage>(this, () => "/api/clients?limit=200", ["wedsync.client.", "wedsync.conflict."])

  override render() {
    return html`
      <div class="page-head"><h1>Clients</h1></div>
      <div class="card">${this.#rows()}</div>`
  }

  #rows() {
    if (this.#list.trouble) return html`<p class="pad error">${this.#list.trouble}</p>`
    if (!this.#list.body) return html`<wed-skeleton></wed-skeleton>`
    return html`<ul class="rows">${this.#list.body.items.map(c => html`
      <li><a href="/clients/${c.client_id}">${value(c.fields.name)}</a> <span class="soft">${value(c.fields.wedding_date)}</span></li>`)}</ul>`
  }
}
