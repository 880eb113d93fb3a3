import { html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { post } from "../api"
import { ask, type Field, type Question, type Values } from "../components/ask"
import { icon } from "../components/icon"
import { go } from "../router"
import { Loading } from "../loading"
import { base, cards, controls } from "../styles"
import type { Page } from "../types"
import { Poll } from "./poll"
import type { Connection, Endpoint } from "./types"
import { endpointBadges, looks, sentence, split } from "./words"

/** Where events are sent. */
@customElement("wed-endpoints")
export class Endpoints extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property({ attribute: false }) connections: Connection[] = []
  #said = new Loading<Page<Endpoint>>(this, () => "/api/webhooks/endpoints")

  constructor() {
    super()
    new Poll(this, this.#said.soon)
  }

  override render() {
    return html`
      <div class="stack">
        <div class="head">
          <p class="soft">Apps that are told what happens to clients: each event once, and those of one client in their order.</p>
          <button class="primary" @click=${this.#make}>${icon("add")}New endpoint</button>
        </div>
        <div class="card">${this.#content()}</div>
      </div>`
  }

  #content() {
    const items = this.#said.body?.items
    if (this.#said.trouble) return html`<p class="pad error" role="alert">${this.#said.trouble}</p>`
    if (!items) return html`<wed-skeleton></wed-skeleton>`
    if (items.length === 0) return html`<wed-empty icon="integrations" title="Nobody is told yet">Make an endpoint with the URL of an app. It is told of what happens from then on.</wed-empty>`
    return html`<ul class="rows">${repeat(items, e => e.id, e => html`
      <li class="item">
        <div class="head"><h2><a class="link" href="/integrations?show=endpoints&endpoint=${e.id}">${e.description || e.url}</a></h2>${endpointBadges(e)}</div>
        ${e.description ? html`<p class="soft small">${e.url}</p>` : nothing}
        ${e.health.error ? html`<p class="small error">${sentence(e.health.error)}</p>` : nothing}
      </li>`)}</ul>`
  }

  #make = () => ask({
    heading: "New endpoint",
    fields: () => endpointFields(this.connections),
    verb: "Make it",
    run: async values => {
      const made = await post<Endpoint>("/api/webhooks/endpoints", endpointOf(values))
      go(`/integrations?show=endpoints&endpoint=${made.id}`)
      return secretOf(made)
    },
  })
}

/** The fields of an endpoint. */
export function endpointFields(connections: Connection[], e?: Endpoint): Field[] {
  return [
    { name: "url", label: "URL", value: e?.url ?? "", placeholder: "https://app.example.com/wedsync" },
    { name: "description", label: "What you call it", value: e?.description ?? "", placeholder: "The studio’s calendar" },
    { name: "events", label: "Events", value: e?.events.join(", ") ?? "", placeholder: "wedsync.client.*, wedsync.conflict.*", hint: "Types or families, with commas between them; empty for all." },
    ...(connections.length > 0 ? [{
      name: "connection", label: "The same app sends through", kind: "select" as const, value: e?.connection ?? "", hint: "So that it is not told what it said itself.",
      options: [["", "No connection"], ...connections.map(c => [c.id, c.name])] as [string, string][],
    }] : []),
  ]
}

export function endpointOf(values: Values): object {
  return { ...values, url: values.url!.trim(), events: split(values.events!) }
}

/** Shows an endpoint's new secret, the one time that it can be. */
export function secretOf(e: Endpoint): Question {
  return {
    heading: "Copy the secret now",
    says: "The app verifies with it that events come from here, as Standard Webhooks says. It is not shown again.",
    fields: () => [{ name: "secret", label: "Secret", kind: "shown", value: e.secret ?? "" }],
    verb: "Done",
  }
}
