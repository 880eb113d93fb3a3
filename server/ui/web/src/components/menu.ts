import { css, html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { initial } from "../format"
import { mayDecide, mayMatch, session, signOut, type Session } from "../session"
import { base, controls } from "../styles"
import { unsyncedCount } from "../syncing"
import { chooseTheme, theme, type Theme } from "../theme"
import { Watch } from "../watch"
import { icon } from "./icon"

const themes: [Theme, string][] = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]

/** Who is signed in, and what is rarely needed: further pages, the theme, signing out. */
@customElement("wed-menu")
export class Menu extends LitElement {
  static override styles = [base, controls, css`
    :host { position: relative; }
    .open { inline-size: 100%; justify-content: start; gap: var(--space-3); padding-inline: var(--space-3); border-color: transparent; background: transparent; text-align: start; }
    :host(:not([named])) .open { padding: 0.25rem; min-inline-size: 2.5rem; justify-content: center; }
    .face { display: grid; place-items: center; flex: none; inline-size: 2rem; block-size: 2rem; border-radius: 50%; background: var(--accent-wash); color: var(--accent-strong); font-weight: 650; text-transform: uppercase; }
    .names { display: grid; min-inline-size: 0; font-weight: 550; }
    .names small { overflow-wrap: anywhere; line-height: 1.3; font-weight: 400; color: var(--text-soft); font-size: var(--size-small); }
    [popover] {
      position: fixed; inset: auto; margin: 0; min-inline-size: 15rem; padding: var(--space-2); border: 1px solid var(--line);
      border-radius: var(--radius); background: var(--raised); color: var(--text); box-shadow: var(--shadow-high);
    }
    :host([named]) [popover] { inset-block-end: 4.5rem; inset-inline-start: var(--space-3); }
    :host(:not([named])) [popover] { inset-block-start: 3.5rem; inset-inline-end: var(--space-3); }
    [popover] a, [popover] button { display: flex; inline-size: 100%; align-items: center; justify-content: start; gap: var(--space-3); padding: 0.5rem var(--space-3); border: 0; border-radius: var(--radius-small); background: transparent; color: var(--text); text-decoration: none; font-weight: 500; min-block-size: 2.5rem; }
    [popover] a:hover, [popover] button:hover { background: var(--accent-wash); }
    hr { border: 0; border-block-start: 1px solid var(--line); margin: var(--space-2) 0; }
    fieldset { display: flex; gap: var(--space-1); border: 0; margin: 0; padding: var(--space-1) var(--space-3) var(--space-2); }
    legend { padding: 0 0 var(--space-1); font-size: var(--size-small); color: var(--text-soft); }
    .choice { position: relative; flex: 1; padding: 0.3rem 0.4rem; border: 1px solid var(--line); border-radius: var(--radius-small); text-align: center; color: var(--text); cursor: pointer; white-space: nowrap; }
    .choice:has(:checked) { border-color: var(--accent); background: var(--accent-wash); color: var(--accent-strong); }
    .choice:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 1px; }
    .choice input { position: absolute; inset: 0; opacity: 0; cursor: pointer; inline-size: 100%; block-size: 100%; min-block-size: 0; margin: 0; }
    .who { padding: var(--space-2) var(--space-3) var(--space-3); }
  `]

  @property({ type: Boolean, reflect: true }) named = false

  constructor() {
    super()
    new Watch(this, session, theme)
  }

  override render() {
    const s = session.value
    if (!s) return nothing
    return html`
      <button class="open" popovertarget="menu" aria-label=${this.named ? nothing : "Menu"}>
        <span class="face" aria-hidden="true">${initial(s.user)}</span>
        ${this.named ? html`<span class="names"><span class="cut">${s.user}</span><small>${s.role} · ${s.supplier}</small></span>` : nothing}
      </button>
      <div id="menu" popover @click=${this.#close}>
        ${this.named ? nothing : html`
          <p class="who"><strong>${s.user}</strong><br><span class="soft small">${s.role} · ${s.supplier}</span></p>
          ${mayMatch(s) ? html`<a href="/unmatched">${icon("mail")}Unmatched</a>` : nothing}
          <a href="/devices">${icon("devices")}Devices</a>
          <a href="/policy">${icon("policy")}Policy</a>
          ${mayDecide(s) ? html`<a href="/integrations">${icon("integrations")}Integrations</a>` : nothing}
          <hr>`}
        <fieldset>
          <legend>Theme</legend>
          ${themes.map(([value, title]) => html`
            <label class="choice"><input type="radio" name="theme" .checked=${theme.value === value} @change=${() => chooseTheme(value)}>${title}</label>`)}
        </fieldset>
        <hr>
        <button @click=${() => this.#signOut(s)}>${icon("signout")}Sign out</button>
      </div>`
  }

  #close(event: Event) {
    if (event.target instanceof HTMLAnchorElement) this.renderRoot.querySelector<HTMLElement>("#menu")?.hidePopover()
  }

  #signOut(s: Session) {
    const n = unsyncedCount.value
    if (n > 0 && !confirm(`${n === 1 ? "One record has" : `${n} records have`} edits that the hub does not have yet. They stay in this browser, and are sent when ${s.user} signs in here again. Sign out?`)) return
    signOut()
  }
}
