import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import "../components/all"
import { device } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { StatusPage as Statuses } from "../types"

@customElement("wed-status")
export class StatusPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  #list = new Loading<Statuses>(this, () => "/api/clients/sync-status", ["wedsync.client."])

  override render() {
    return html`
      <div class="page-head"><h1>Status</h1></div>
      <div class="card">${this.#rows()}</div>`
  }

  #rows() {
    if (this.#list.trouble) return html`<p class="pad error">${this.#list.trouble}</p>`
    if (!this.#list.body) return html`<wed-skeleton></wed-skeleton>`
    return html`<ul class="rows">${this.#list.body.items.map(r => html`
      <li>${r.client_id} ${r.devices.map(d => html`<div class="small soft">${d.user} on ${device(d.device)}: ${d.state}. ${d.explanation}</div>`)}</li>`)}</ul>`
  }
}
