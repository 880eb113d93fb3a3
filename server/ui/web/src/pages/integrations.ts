import "../main" // is there already: so what is shared with it stays in one file with it
import { css, html, LitElement, nothing } from "lit"
import { customElement } from "lit/decorators.js"
import "../accounts/accounts"
import "../components/all"
import "../components/ask"
import { Loading } from "../loading"
import { place } from "../router"
import { base, controls, pageFrame } from "../styles"
import type { Page } from "../types"
import { Watch } from "../watch"
import "../webhooks/connection"
import "../webhooks/connections"
import "../webhooks/endpoint"
import "../webhooks/endpoints"
import "../webhooks/event"
import "../webhooks/events"
import { Poll } from "../webhooks/poll"
import type { Connection } from "../webhooks/types"

const tabs = [["", "Connections"], ["events", "Events"], ["endpoints", "Endpoints"], ["accounts", "Accounts"]] as const

/** Who sends events of clients, what became of them, who is told what happens here, and where communication is read from. */
@customElement("wed-integrations")
export class IntegrationsPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    :host { max-inline-size: 64rem; }
    nav { display: flex; flex-wrap: wrap; gap: var(--space-1); margin-block-end: var(--space-5); border-block-end: 1px solid var(--line); }
    nav a { padding: var(--space-2) var(--space-3); color: var(--text-soft); text-decoration: none; border-block-end: 2px solid transparent; white-space: nowrap; }
    nav a:hover { color: var(--text); }
    nav a[aria-current] { color: var(--accent-strong); border-color: var(--accent); font-weight: 600; }
  `]

  #connections = new Loading<Page<Connection>>(this, () => "/api/webhooks/connections?limit=100", ["wedsync.client."])

  constructor() {
    super()
    new Watch(this, place)
    new Poll(this, this.#connections.soon)
  }

  override render() {
    const { query } = place.value
    const show = query.get("show") ?? ""
    const needed = this.#connections.body?.items.reduce((sum, { events: n }) => sum + (n?.waiting ?? 0) + (n?.dead ?? 0), 0)
    return html`
      <div class="page-head"><h1>Integrations</h1></div>
      <nav aria-label="Integrations">${tabs.map(([tab, title]) => html`
        <a href="/integrations${tab && `?show=${tab}`}" aria-current=${tab === show ? "page" : nothing}>${title}${tab === "events" && needed ? html` <wed-badge tone="wait">${needed}<span class="hidden-text"> need you</span></wed-badge>` : nothing}</a>`)}</nav>
      ${this.#content(show, query)}
      <wed-ask></wed-ask>`
  }

  #content(show: string, query: URLSearchParams) {
    if (show === "accounts") return html`<wed-accounts .connect=${query.get("connect") ?? ""}></wed-accounts>`
    const { trouble, body } = this.#connections
    if (trouble) return html`<div class="card"><p class="pad error" role="alert">${trouble}</p></div>`
    if (!body) return html`<div class="card"><wed-skeleton></wed-skeleton></div>`
    const { items } = body
    const [connection, event, endpoint] = [query.get("connection"), query.get("event"), query.get("endpoint")]
    if (show === "events") {
      return event ? html`<wed-hook-event .event=${event} .connections=${items}></wed-hook-event>` : html`<wed-hook-events .query=${query} .connections=${items}></wed-hook-events>`
    }
    if (show === "endpoints") {
      return endpoint ? html`<wed-endpoint .endpoint=${endpoint} .connections=${items}></wed-endpoint>` : html`<wed-endpoints .connections=${items}></wed-endpoints>`
    }
    return connection ? html`<wed-connection .connection=${connection}></wed-connection>` : html`<wed-connections .connections=${items}></wed-connections>`
  }
}
