import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import "../components/all"
import { label } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { Policy } from "../types"

@customElement("wed-policy")
export class PolicyPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  #list = new Loading<Policy>(this, () => "/api/policy", [])

  override render() {
    return html`
      <div class="page-head"><h1>Policy</h1></div>
      <div class="card">${this.#rows()}</div>`
  }

  #rows() {
    if (this.#list.trouble) return html`<p class="pad error">${this.#list.trouble}</p>`
    if (!this.#list.body) return html`<wed-skeleton></wed-skeleton>`
    return html`<ul class="rows">${this.#list.body.fields.map(f => html`
      <li>${label(f.path)} <span class="soft">${f.kind}, ${f.review}</span></li>`)}</ul>`
  }
}
