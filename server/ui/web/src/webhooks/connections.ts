import { html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { post } from "../api"
import { ask, type Question } from "../components/ask"
import { icon } from "../components/icon"
import { ago, time } from "../format"
import { go } from "../router"
import { base, cards, controls } from "../styles"
import type { Connection, Source } from "./types"
import { connectionBadges, fieldsOf, kinds, looks, sentence, settingsOf } from "./words"

const sources = Object.entries(kinds).map(([source, { title }]): [string, string] => [source, title])

/** Who sends events of clients. */
@customElement("wed-connections")
export class Connections extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property({ attribute: false }) connections: Connection[] = []

  override render() {
    return html`
      <div class="stack">
        <div class="head">
          <p class="soft">CRMs and other apps that send what happens to clients. What they say of critical fields waits in the inbox, like anybody’s edits.</p>
          <button class="primary" @click=${this.#make}>${icon("add")}New connection</button>
        </div>
        <div class="card">
          ${this.connections.length === 0
            ? html`<wed-empty icon="integrations" title="Nothing is connected yet">Make a connection, and enter its URL and secret where the sender’s webhooks are set up.</wed-empty>`
            : html`<ul class="rows">${repeat(this.connections, c => c.id, c => this.#row(c))}</ul>`}
        </div>
      </div>`
  }

  #row(c: Connection) {
    const last = c.last_event
    return html`
      <li class="item">
        <div class="head"><h2><a class="link" href="/integrations?connection=${c.id}">${c.name}</a></h2>${connectionBadges(c)}</div>
        <p class="soft small">${kinds[c.source].title} · ${last
          ? html`<a href="/integrations?show=events&event=${last.id}" title=${time(last.received_at, { exact: true })}>last event ${ago(last.received_at)}</a>`
          : "no event yet"}</p>
        ${last?.error ? html`<p class="small error">${sentence(last.error)}</p>` : nothing}
      </li>`
  }

  #make = () => ask({
    heading: "New connection",
    fields: values => {
      const source = (values.source ?? sources[0]![0]) as Source
      const { told } = kinds[source]
      return [
        { name: "name", label: "What you call it", placeholder: "HoneyBook" },
        { name: "source", label: "Who sends", kind: "select", options: sources, value: source, hint: kinds[source].says },
        ...(told ? [{ name: "secret", label: "Its secret", hint: "The sender shows it where its webhooks are set up." }] : []),
        ...fieldsOf(source),
        { name: "create_unknown", label: "Make a record of clients that nobody knows", kind: "check", value: "yes", hint: "Otherwise their events wait until you say whose they are." },
      ]
    },
    verb: "Make it",
    run: async values => {
      const made = await post<Connection>("/api/webhooks/connections", settingsOf(values))
      go(`/integrations?connection=${made.id}`)
      return shownOnce(made)
    },
  })
}

/** Shows what the sender has to be told, the one time that it can be. */
export function shownOnce(c: Connection): Question {
  const { told, says } = kinds[c.source]
  return {
    heading: told || !c.secret ? `${c.name} is ready` : "Copy the secret now",
    says: html`${says} ${c.secret ? "The secret is not shown again." : ""}`,
    fields: () => [
      { name: "url", label: "URL", kind: "shown", value: c.url },
      ...(c.secret && !told ? [{ name: "secret", label: "Secret", kind: "shown" as const, value: c.secret }] : []),
    ],
    verb: "Done",
  }
}
