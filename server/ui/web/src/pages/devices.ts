import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import "../components/all"
import { ago, device } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { Device, Page } from "../types"

@customElement("wed-devices")
export class DevicesPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  #list = new Loading<Page<Device>>(this, () => "/api/devices", [])

  override render() {
    return html`
      <div class="page-head"><h1>Devices</h1></div>
      <div class="card">${this.#rows()}</div>`
  }

  #rows() {
    if (this.#list.trouble) return html`<p class="pad error">${this.#list.trouble}</p>`
    if (!this.#list.body) return html`<wed-skeleton></wed-skeleton>`
    return html`<ul class="rows">${this.#list.body.items.map(d => html`
      <li>${d.name || device(d.device)} <span class="soft">of ${d.user}, ${d.last_contact ? ago(d.last_contact) : "never seen"}</span></li>`)}</ul>`
  }
}
