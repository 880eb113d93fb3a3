import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import "../components/all"
import { label, value } from "../format"
import { Loading } from "../loading"
import { base, controls, pageFrame } from "../styles"
import type { ConflictPage } from "../types"

@customElement("wed-inbox")
export class InboxPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  #list = new Loading<ConflictPage>(this, () => "/api/conflicts?status=pending", ["wedsync.conflict.", "wedsync.proposal."])

  override render() {
    return html`
      <div class="page-head"><h1>Inbox</h1></div>
      <div class="card">${this.#rows()}</div>`
  }

  #rows() {
    if (this.#list.trouble) return html`<p class="pad error">${this.#list.trouble}</p>`
    if (!this.#list.body) return html`<wed-skeleton></wed-skeleton>`
    return html`<ul class="rows">${this.#list.body.items.map(c => html`
      <li><strong>${c.client_name}</strong> · ${label(c.field)}: ${value(c.current.value)} → ${c.proposals.map(p => value(p.value)).join(", ")}</li>`)}</ul>`
  }
}
