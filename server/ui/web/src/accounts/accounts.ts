import { css, html, LitElement, nothing } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { patch, post, told } from "../api"
import { sourceName, type CommunicationSource } from "../communications"
import { ask } from "../components/ask"
import { icon } from "../components/icon"
import { toast } from "../components/toasts"
import { Loading } from "../loading"
import { base, cards, controls } from "../styles"
import type { Page } from "../types"
import { Poll } from "../webhooks/poll"
import { looks, sentence } from "../webhooks/words"
import { about, accountsPath, connect, connectAgain, disconnect, levelName, moves, providers, settings, standing, type Account, type Provider } from "./words"

/** Where communication with clients is read from, and how far it has been. */
@customElement("wed-accounts")
export class Accounts extends LitElement {
  static override styles = [base, controls, cards, looks, css`
    .sources { display: grid; gap: var(--space-1); }
    .sources li { display: flex; flex-wrap: wrap; align-items: baseline; gap: var(--space-1) var(--space-2); }
    .sources .small { flex: 1 1 12rem; min-inline-size: 0; }
    .acts { margin-block-start: var(--space-2); }
  `]

  /** Whose account to ask for at first; empty for none. */
  @property() connect: Provider | "" = ""
  @state() private busy = "" // the account about which something is done
  #accounts = new Loading<Page<Account>>(this, () => `${accountsPath}?limit=100`)
  #sources = new Loading<Page<CommunicationSource>>(this, () => "/api/integrations/communication/sources", ["wedsync.communications.progress"])

  constructor() {
    super()
    new Poll(this, this.#read, () => this.#of().some(moves))
  }

  override firstUpdated() {
    if (this.connect in providers) ask(connect(this.connect as Provider))
  }

  override render() {
    return html`
      <div class="stack">
        <div class="head">
          <p class="soft">Mailboxes, calendars and telephones. What is said there with a client’s addresses and numbers is in the client’s timeline; what is nobody’s is <a href="/unmatched">unmatched</a>.</p>
          <button class="primary" @click=${() => ask(connect())}>${icon("add")}Connect an account</button>
        </div>
        <div class="card">${this.#content()}</div>
      </div>`
  }

  #content() {
    const items = this.#accounts.body?.items
    const trouble = this.#accounts.trouble || this.#sources.trouble
    if (trouble) return html`<p class="pad error" role="alert">${trouble}</p>`
    if (!items) return html`<wed-skeleton></wed-skeleton>`
    if (items.length === 0) return html`<wed-empty icon="mail" title="No account is connected">Connect a mailbox, and the mails and meetings with your clients are in their timelines.</wed-empty>`
    return html`<ul class="rows">${repeat(items, a => a.id, a => this.#row(a))}</ul>`
  }

  #row(a: Account) {
    const busy = this.busy === a.id
    const button = (text: string, act: () => void, look = "") => html`<button class=${look} aria-label="${text}: ${a.name}" ?disabled=${busy} @click=${act}>${text}</button>`
    return html`
      <li class="item">
        <div class="head"><h2>${a.name}</h2>${a.state === "paused" ? html`<wed-badge tone="wait">paused</wed-badge>` : nothing}</div>
        <p class="soft small">${providers[a.provider]}${a.name === a.address ? "" : ` · ${a.address}`} · colleagues see ${levelName(a.level)}</p>
        ${a.state === "reconnect" ? html`<p class="small error">${sentence(a.error || "It has to be connected again")}</p>`
          : html`<ul class="sources">${this.#of(a).map(s => this.#source(s))}</ul>`}
        <div class="row acts">
          ${a.state === "reconnect" ? button("Connect again", () => ask(a.address === a.id ? connect(a.provider) : connectAgain(a)), "primary")
            : a.state === "paused" ? button("Go on", () => this.#pause(a, false))
            : button(busy ? "Reading…" : "Read now", () => this.#sync(a))}
          ${button("Settings", () => ask(settings(a)))}
          ${a.state === "connected" ? button("Pause", () => this.#pause(a, true), "plain") : nothing}
          ${button("Disconnect", () => ask(disconnect(a)), "plain")}
        </div>
      </li>`
  }

  #source(s: CommunicationSource) {
    const [tone, text] = standing(s)
    return html`<li data-state=${s.state}><span>${sourceName(s.source)}</span> <wed-badge tone=${tone}>${text}</wed-badge> <span class="small soft">${about(s)}</span></li>`
  }

  /** The sources of an account, or of all. */
  #of(a?: Account): CommunicationSource[] {
    return (this.#sources.body?.items ?? []).filter(s => (a ? s.account_id === a.id : s.account_id !== ""))
  }

  #read = () => {
    this.#accounts.soon()
    this.#sources.soon()
  }

  #sync(a: Account) {
    return this.#do(a, async () => {
      const { items } = await post<Page<CommunicationSource>>(`${accountsPath}/${a.id}/sync`, { wait: "15s" })
      if (items.every(s => s.state === "up_to_date")) toast({ text: `${a.name} is up to date.`, tone: "good", lasts: 4000 })
    })
  }

  #pause(a: Account, paused: boolean) {
    return this.#do(a, () => patch(`${accountsPath}/${a.id}`, { paused }))
  }

  async #do(a: Account, act: () => Promise<unknown>) {
    this.busy = a.id
    try {
      await act()
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    } finally {
      this.busy = ""
      this.#read()
    }
  }
}
