import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property } from "lit/decorators.js"
import { del, patch, post } from "../api"
import { ask, type Question } from "../components/ask"
import { icon } from "../components/icon"
import { ago, time } from "../format"
import { Loading } from "../loading"
import { go } from "../router"
import { base, cards, controls } from "../styles"
import "./bench"
import { shownOnce } from "./connections"
import { Poll } from "./poll"
import type { Connection } from "./types"
import { connectionBadges, eventBadge, fieldsOf, kinds, looks, settingsOf } from "./words"

/** One sender: how it stands, what is set, and what becomes of what it says. */
@customElement("wed-connection")
export class ConnectionView extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property() connection = ""
  #said = new Loading<Connection>(this, () => (this.connection ? this.#path() : ""))

  constructor() {
    super()
    new Poll(this, this.#said.soon)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.get("connection")) void this.#said.reload()
  }

  #path() {
    return `/api/webhooks/connections/${this.connection}`
  }

  override render() {
    const c = this.#said.body
    return html`
      <div class="stack">
        <a class="back" href="/integrations">${icon("back")}Connections</a>
        ${this.#said.trouble ? html`<div class="card"><p class="pad error" role="alert">${this.#said.trouble}</p></div>`
          : !c ? html`<div class="card"><wed-skeleton></wed-skeleton></div>` : this.#show(c)}
      </div>`
  }

  #show(c: Connection) {
    const kind = kinds[c.source]
    const last = c.last_event
    return html`
      <section class="card section" aria-labelledby="name">
        <div class="head"><h2 id="name">${c.name}</h2>${connectionBadges(c)}</div>
        <p class="soft">${kind.title}. ${kind.says}</p>
        <dl class="facts">
          <dt>URL</dt><dd class="mono">${c.url}</dd>
          ${kind.open ? nothing : html`<dt>Secret</dt><dd>${c.secrets.map((s, i) => html`${i > 0 ? ", " : ""}made <span title=${time(s.created_at, { exact: true })}>${ago(s.created_at)}</span>${s.until ? `, works until ${time(s.until)}` : ""}`)}</dd>`}
          <dt>Last event</dt><dd>${last ? html`<a href="/integrations?show=events&event=${last.id}">${ago(last.received_at)}</a> ${eventBadge(last)}` : "none yet"}
            ${last ? html` · <a href="/integrations?show=events&connection=${c.id}">all of them</a>` : nothing}</dd>
          <dt>Unknown clients</dt><dd>${c.create_unknown ? "A record is made" : "Wait until you say whose they are"}</dd>
        </dl>
        <div class="row">
          <button @click=${() => ask(this.#edit(c))}>Settings</button>
          ${kind.open ? nothing : html`<button @click=${() => ask(this.#rotate(c))}>New secret</button>`}
          <button class="plain" @click=${() => ask(this.#remove(c))}>Delete</button>
        </div>
      </section>
      <wed-bench .connection=${c} @saved=${this.#said.soon}></wed-bench>`
  }

  #edit(c: Connection): Question {
    return {
      heading: "Settings",
      fields: () => [
        { name: "name", label: "What you call it", value: c.name },
        ...fieldsOf(c.source, c),
        { name: "create_unknown", label: "Make a record of clients that nobody knows", kind: "check", value: c.create_unknown ? "yes" : "" },
        { name: "paused", label: "Paused", kind: "check", value: c.paused ? "yes" : "", hint: "The sender is told that nothing is taken any more; most stop sending then." },
      ],
      verb: "Save",
      run: async values => {
        await patch(this.#path(), { version: c.version, ...settingsOf(values) })
        return "Saved. It holds from the next event on."
      },
    }
  }

  #rotate(c: Connection): Question {
    return {
      heading: "New secret",
      says: "The one before stays in use beside it for a while, so that nothing is lost while the sender changes over.",
      fields: () => [
        ...(kinds[c.source].told ? [{ name: "secret", label: "The new secret", hint: "The sender shows it where its webhooks are set up." }] : []),
        { name: "overlap", label: "The one before works", kind: "select", value: "24h", options: [["24h", "for a day"], ["168h", "for a week"], ["0", "no more, from now on"]] },
      ],
      verb: kinds[c.source].told ? "Use it" : "Make it",
      run: async values => shownOnce(await post<Connection>(`${this.#path()}/rotate`, settingsOf(values))),
    }
  }

  #remove(c: Connection): Question {
    return {
      heading: `Delete ${c.name}?`,
      says: "Its sender is turned away from then on. Its events stay, and what they wrote.",
      verb: "Delete it",
      danger: true,
      run: async () => {
        await del(this.#path())
        go("/integrations")
        return `${c.name} is deleted.`
      },
    }
  }
}
