import { css, html, LitElement, nothing } from "lit"
import { customElement } from "lit/decorators.js"
import { deviceNames } from "../devicenames"
import { device, initial, label, listed } from "../format"
import { clientOf, names } from "../names"
import { present } from "../present"
import { session } from "../session"
import { base } from "../styles"
import { connection, unsynced } from "../syncing"
import { Unsent } from "../unsent"
import { Watch } from "../watch"
import { icon } from "./icon"

/** Who has which record open now. */
@customElement("wed-now")
export class Now extends LitElement {
  static override styles = [base, css`
    ul { display: flex; flex-wrap: wrap; gap: var(--space-2); }
    li { display: flex; align-items: center; gap: var(--space-2); max-inline-size: 100%; padding: 0.25rem var(--space-3) 0.25rem 0.3rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card); font-size: var(--size-small); }
    .face { display: grid; place-items: center; flex: none; inline-size: 1.6rem; block-size: 1.6rem; border-radius: 50%; background: var(--good-wash); color: var(--good); font-weight: 650; text-transform: uppercase; }
    a { color: inherit; }
  `]

  constructor() {
    super()
    new Watch(this, present, names, deviceNames)
  }

  override render() {
    const others = present.value.filter(({ user }) => user !== session.value?.user)
    if (others.length === 0) return nothing
    return html`<ul aria-label="Who is there now">${others.map(({ user, device: d, client, field }) => html`
      <li title=${d ? `on ${device(d)}` : nothing}>
        <span class="face" aria-hidden="true">${initial(user)}</span>
        <span class="cut"><strong>${user}</strong>
          ${field ? `in ${label(field).toLowerCase()} of` : "at"} <a href="/clients/${client}">${names.value.get(client)?.name || "a client"}</a></span>
      </li>`)}</ul>`
  }
}

/** What was edited in this browser and is on its way to the hub: lines of the feed before they are true. */
@customElement("wed-sending")
export class Sending extends LitElement {
  static override styles = [base, css`
    ul { border: 1px dashed var(--line-strong); border-radius: var(--radius); }
    li { display: flex; align-items: center; gap: var(--space-3); padding: var(--space-2) var(--space-4); color: var(--text-soft); }
    svg { flex: none; }
    p { flex: 1; overflow-wrap: anywhere; }
  `]

  #held = new Unsent(this)

  constructor() {
    super()
    new Watch(this, unsynced, names, connection)
  }

  override render() {
    const ids = Object.keys(unsynced.value)
    this.hidden = ids.length === 0
    const sends = connection.value === "connected"
    return html`<ul aria-label="On its way to the hub">${ids.map(id => {
      const client = clientOf(id)
      const { name, fields } = this.#held.of(id)
      return html`
        <li>${icon(sends ? "status" : "offline")}
          <p><strong>You</strong> edited ${fields?.length ? html`${listed(fields)} of ` : ""}${client ? html`<a href="/clients/${client.id}">${client.name || "a client without a name"}</a>` : name || "a client"}</p>
          <wed-badge tone=${sends ? "plain" : "wait"}>${sends ? "sending…" : "kept here"}</wed-badge>
        </li>`
    })}</ul>`
  }
}
