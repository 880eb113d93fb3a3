import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement } from "lit/decorators.js"
import { keyed } from "lit/directives/keyed.js"
import "./components/all"
import { icon, type IconName } from "./components/icon"
import "./components/state"
import "./components/verdicts"
import "./components/menu"
import { Loading } from "./loading"
import { absent, bring } from "./pages"
import "./pages/clients"
import "./pages/inbox"
import "./pages/signin"
import { go, place, type Page } from "./router"
import { mayDecide, mayMatch, session, signedOutBecause, type Session } from "./session"
import { base, controls } from "./styles"
import { takeUpdate, update } from "./updates"
import type { ConflictPage } from "./types"
import { Watch } from "./watch"

interface Entry {
  page: Page
  title: string
  icon: IconName
  /** Who may see it; everybody if left out. */
  may?: (s: Session | null) => boolean
}

const entries: Entry[] = [
  { page: "inbox", title: "Inbox", icon: "inbox" },
  { page: "clients", title: "Clients", icon: "clients" },
  { page: "activity", title: "Activity", icon: "activity" },
  { page: "status", title: "Sync status", icon: "status" },
  { page: "unmatched", title: "Unmatched", icon: "mail", may: mayMatch },
  { page: "devices", title: "Devices", icon: "devices" },
  { page: "policy", title: "Policy", icon: "policy" },
  { page: "integrations", title: "Integrations", icon: "integrations", may: mayDecide },
]

/** The app: navigation around the page that the address bar names. */
@customElement("wed-app")
export class App extends LitElement {
  constructor() {
    super()
    new Watch(this, place, session, signedOutBecause, update)
  }

  override render() {
    if (!session.value) return html`<wed-sign-in></wed-sign-in><wed-toasts></wed-toasts>`
    const { page, id } = place.value // nothing that somebody else looked at stays
    return html`${keyed(session.value.storage, html`<wed-frame .page=${page} .record=${id}></wed-frame>`)}<wed-toasts></wed-toasts>`
  }

  override updated() {
    if (!session.value) document.title = "WedSync"
    if (session.value && place.value.page === "sign-in") go("/inbox", { replace: true })
  }
}

/** What stands around the page of somebody who is signed in. */
@customElement("wed-frame")
export class Frame extends LitElement {
  static override properties = { page: {}, record: {} }
  static override styles = [base, controls, css`
    :host { display: grid; min-block-size: 100dvh; grid-template-rows: auto 1fr auto; }
    .shortcut { position: absolute; }
    .skip { position: absolute; inset-inline-start: -100vw; }
    .skip:focus { inset: var(--space-2) auto auto var(--space-2); z-index: 60; padding: var(--space-2) var(--space-4); background: var(--raised); border-radius: var(--radius-small); }
    main { min-inline-size: 0; padding-block-end: var(--bar); }
    main:focus-visible { outline: none; } /* it is no control */
    nav a {
      display: flex; align-items: center; gap: var(--space-3); color: var(--text-soft); text-decoration: none; border-radius: var(--radius-small);
      transition: background var(--quick), color var(--quick);
    }
    nav a:hover { background: var(--sunken); color: var(--text); }
    nav a[aria-current] { color: var(--accent-strong); background: var(--accent-wash); font-weight: 600; }
    .count {
      min-inline-size: 1.3rem; padding: 0 0.35rem; border-radius: 1rem; background: var(--accent); color: var(--on-accent);
      font-size: 0.75rem; font-weight: 650; line-height: 1.3rem; text-align: center; font-variant-numeric: tabular-nums;
    }
    .brand { display: flex; align-items: center; gap: var(--space-2); font-weight: 680; letter-spacing: -0.01em; }
    .brand img { inline-size: 1.75rem; block-size: 1.75rem; border-radius: 0.4rem; display: block; }
    header { display: flex; align-items: center; gap: var(--space-3); padding: var(--space-2) var(--space-4); border-block-end: 1px solid var(--line); background: var(--card); }
    header .brand { flex: 1; }
    @media (max-width: 26rem) { header:has(wed-state[loud]) .brand span { display: none; } }

    nav.bar { --columns: 4; position: fixed; z-index: 20; inset: auto 0 0; display: grid; grid-template-columns: repeat(4, 1fr); padding: var(--space-1) var(--space-1) env(safe-area-inset-bottom); border-block-start: 1px solid var(--line); background: var(--card); }
    nav.bar a { position: relative; flex-direction: column; gap: 0.1rem; padding: 0.4rem 0 0.3rem; font-size: 0.75rem; }
    nav.bar .count { position: absolute; inset: 0.2rem auto auto calc(50% + 0.35rem); }
    nav.side { display: none; }
    @media (min-width: 60rem) {
      :host { grid-template-columns: 14.5rem minmax(0, 1fr); grid-template-rows: 1fr; }
      header, nav.bar { display: none; }
      nav.side {
        position: sticky; inset-block-start: 0; display: flex; flex-direction: column; gap: var(--space-4); block-size: 100dvh;
        padding: var(--space-5) var(--space-3) var(--space-4); border-inline-end: 1px solid var(--line); background: var(--card);
      }
      nav.side .brand { padding-inline: var(--space-3); font-size: var(--size-large); }
      nav.side ul { display: grid; gap: 2px; flex: 1; align-content: start; }
      nav.side a { padding: 0.5rem var(--space-3); }
      nav.side .count { margin-inline-start: auto; }
    }
  `]

  declare page: Page
  declare record: string
  #waiting = new Loading<ConflictPage>(this, () => "/api/conflicts?status=pending&limit=1", ["wedsync.conflict."], { first: true })

  constructor() {
    super()
    new Watch(this, update, absent)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("page")) void bring(this.page)
  }

  override render() {
    return html`
      <nav class="shortcut" aria-label="Shortcut"><a class="skip" href="#main" @click=${this.#skip}>To the content</a></nav>
      <header>
        <span class="brand"><img src="/icon.svg" alt=""><span>WedSync</span></span>
        <wed-state compact></wed-state>
        <wed-menu></wed-menu>
      </header>
      <nav class="side" aria-label="Pages">
        <span class="brand"><img src="/icon.svg" alt="">WedSync</span>
        <ul>${entries.filter(({ may }) => !may || may(session.value)).map(entry => html`<li>${this.#link(entry)}</li>`)}</ul>
        <wed-state></wed-state>
        <wed-menu named></wed-menu>
      </nav>
      <main id="main" tabindex="-1">
        <wed-notices></wed-notices>
        <wed-verdicts></wed-verdicts>
        ${update.value ? html`<wed-update @take=${takeUpdate}></wed-update>` : nothing}
        ${this.#content()}
      </main>
      <nav class="bar" aria-label="Pages">${entries.slice(0, 4).map(entry => this.#link(entry))}</nav>`
  }

  #link({ page, title, icon: name }: Entry) {
    const here = this.page === page || (page === "clients" && this.page === "client")
    const waiting = page === "inbox" ? this.#count() : 0
    return html`
      <a href="/${page}" aria-current=${here ? "page" : nothing}>
        ${icon(name)}<span>${title}</span>
        ${waiting ? html`<span class="count">${waiting > 99 ? "99+" : waiting}<span class="hidden-text"> wait</span></span>` : nothing}
      </a>`
  }

  /** How many conflicts wait. */
  #count(): number {
    return Object.values(this.#waiting.body?.counts ?? {}).reduce((sum, n) => sum + n, 0)
  }

  #content() {
    if (absent.value === this.page) {
      return html`
        <wed-empty icon="offline" title="This page could not be loaded">
          The hub cannot be reached, or has a newer version of the app by now.
          <button class="small" @click=${() => bring(this.page)}>Try again</button>
          <button class="small" @click=${() => location.reload()}>Load the app anew</button>
        </wed-empty>`
    }
    switch (this.page) {
      case "inbox": return html`<wed-inbox></wed-inbox>`
      case "clients": return html`<wed-clients></wed-clients>`
      case "client": return keyed(this.record, html`<wed-client .client=${this.record}></wed-client>`)
      case "activity": return html`<wed-activity></wed-activity>`
      case "status": return html`<wed-status></wed-status>`
      case "unmatched": return mayMatch(session.value) ? html`<wed-unmatched></wed-unmatched>`
        : html`<wed-empty icon="mail" title="Colleagues who edit look after these">Ask an owner or a member whose a message is.</wed-empty>`
      case "devices": return html`<wed-devices></wed-devices>`
      case "policy": return html`<wed-policy></wed-policy>`
      case "integrations": return mayDecide(session.value) ? html`<wed-integrations></wed-integrations>`
        : html`<wed-empty icon="integrations" title="Owners look after these">Ask an owner to connect another app with this hub.</wed-empty>`
      case "sign-in": return nothing
      case "unknown": return html`
        <wed-empty icon="search" title="There is no such page"><a href="/inbox">To the inbox</a></wed-empty>`
    }
  }

  override updated(changed: PropertyValues<this>) {
    if (!changed.has("page")) return
    const title = entries.find(e => e.page === this.page)?.title // a record's page says which it is
    document.title = title ? `${title} · WedSync` : "WedSync"
    if (changed.get("page") && document.activeElement === document.body) this.#toContent() // what had the keyboard is gone
  }

  #skip(event: Event) {
    event.preventDefault()
    this.#toContent()
  }

  #toContent() {
    this.renderRoot.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true })
  }
}
