import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { getAll, Offline, post, reachable, told } from "../api"
import "../components/all"
import { called, roles, setRole, type PeopleDialog, type User, type UserRole } from "../components/people"
import { toast } from "../components/toasts"
import { learnNames } from "../devicenames"
import { ago, time } from "../format"
import { mayDecide, session } from "../session"
import { base, controls, pageFrame } from "../styles"
import { ownDevice } from "../syncing"
import type { Device } from "../types"
import { Watch } from "../watch"

const every = 10_000 // milliseconds between two readings: no event tells of devices

/** Devices by their users; owners name them, shut them out, and set what users may do. */
@customElement("wed-devices")
export class DevicesPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .user { display: grid; grid-template-columns: minmax(0, 1fr); align-items: center; gap: var(--space-2) var(--space-4); padding: var(--space-3) var(--space-4); border-block-end: 1px solid var(--line); background: var(--sunken); border-radius: var(--radius) var(--radius) 0 0; }
    .user h2 { overflow-wrap: anywhere; }
    .role { display: flex; align-items: center; gap: var(--space-2); }
    .role select { inline-size: auto; flex: 1; min-block-size: 2.25rem; }
    .device { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--space-2) var(--space-4); align-items: center; }
    .device p { overflow-wrap: anywhere; }
    .name { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-1) var(--space-2); font-weight: 560; }
    .dot { flex: none; inline-size: 0.55rem; block-size: 0.55rem; border-radius: 50%; border: 2px solid var(--line-strong); }
    .dot.on { border-color: var(--good); background: var(--good); }
    .role label { white-space: nowrap; }
    .role select { min-inline-size: 0; }
    button.out { color: var(--bad); }
    .buttons { display: flex; flex-wrap: wrap; gap: var(--space-2); }
    @media (min-width: 48rem) { .user, .device { grid-template-columns: minmax(0, 1fr) auto; } }
  `]

  @state() private devices?: Device[]
  @state() private users: User[] = []
  @state() private trouble = ""
  @query("wed-people-dialog") private dialog!: PeopleDialog
  #timer?: ReturnType<typeof setInterval>

  constructor() {
    super()
    new Watch(this, session, reachable, ownDevice)
  }

  override connectedCallback() {
    super.connectedCallback()
    void this.#read()
    this.#timer = setInterval(() => document.visibilityState === "visible" && void this.#read(), every)
    window.addEventListener("online", this.#read)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    clearInterval(this.#timer)
    window.removeEventListener("online", this.#read)
  }

  #read = async () => {
    try {
      const [devices, users] = await Promise.all([getAll<Device>("/api/devices"), mayDecide(session.value) ? getAll<User>("/api/users") : []])
      this.devices = devices
      learnNames(devices)
      this.users = users
      this.trouble = ""
    } catch (error) {
      this.trouble = error instanceof Offline && this.devices ? "" : told(error)
    }
  }

  override render() {
    return html`
      <div class="page-head">
        <h1>Devices</h1>
        ${reachable.value ? nothing : html`<wed-badge tone="wait">as last read</wed-badge>`}
      </div>
      <div class="stack">${this.#content()}</div>
      <wed-people-dialog @done=${this.#read} @close=${() => this.requestUpdate()}></wed-people-dialog>`
  }

  #content() {
    if (this.trouble) return html`<div class="card"><p class="pad error" role="alert">${this.trouble}</p></div>`
    if (!this.devices) return html`<div class="card"><wed-skeleton></wed-skeleton></div>`
    const me = session.value?.user
    const names = [...new Set([...this.users.map(u => u.user), ...this.devices.map(d => d.user)])].sort((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b))
    if (names.length === 0) return html`<div class="card"><wed-empty icon="devices" title="No devices yet">A device appears here when it first syncs.</wed-empty></div>`
    return html`
      ${mayDecide(session.value) ? nothing : html`<p class="soft">These are yours. Owners see everybody’s.</p>`}
      ${repeat(names, name => name, name => this.#user(name))}`
  }

  #user(name: string) {
    const rank = (d: Device) => (d.revoked_at ? 3 : this.#isOwn(d) ? 0 : d.connected ? 1 : 2)
    const devices = this.devices!.filter(d => d.user === name).sort((a, b) => rank(a) - rank(b) || (b.last_contact ?? "").localeCompare(a.last_contact ?? ""))
    const user = this.users.find(u => u.user === name)
    return html`
      <section class="card" aria-label=${name}>
        <div class="user">
          <h2>${name}${name === session.value?.user ? html` <span class="soft small">you</span>` : nothing}</h2>
          ${user ? this.#role(user) : nothing}
        </div>
        <ul class="rows">${devices.length > 0 ? repeat(devices, d => d.id, d => this.#device(d)) : html`<li class="soft">No device of theirs has been here yet.</li>`}</ul>
      </section>`
  }

  #role(user: User) {
    return html`
      <div class="role">
        <label for="role-${user.user}">Access</label>
        <select id="role-${user.user}" @change=${(e: Event) => void this.#setRole(user, e.target as HTMLSelectElement)}>
          ${roles.map(([role, text]) => html`<option value=${role ?? ""} .selected=${role === user.role}>${text}</option>`)}
        </select>
      </div>`
  }

  #device(d: Device) {
    const own = this.#isOwn(d)
    return html`
      <li class="device" title=${d.name ? `Its token calls it ${d.device}` : nothing}>
        <div>
          <p class="name">
            <span class="dot ${d.connected ? "on" : ""}"></span>${called(d)}
            ${own ? html`<wed-badge tone="accent">this browser</wed-badge>` : nothing}
            ${d.revoked_at ? html`<wed-badge tone="bad">shut out</wed-badge>` : nothing}
          </p>
          <p class="soft small">${this.#says(d)}</p>
        </div>
        <div class="buttons">
          <button class="small" aria-label="Name ${called(d)}" @click=${() => this.dialog.ask({ act: "rename", device: d })}>Name</button>
          ${!mayDecide(session.value) || own ? nothing : d.revoked_at
            ? html`<button class="small" aria-label="Let in again: ${called(d)}" @click=${() => this.#readmit(d)}>Let in again</button>`
            : html`<button class="plain small out" aria-label="Shut out ${called(d)}" @click=${() => this.dialog.ask({ act: "revoke", device: d })}>Shut out</button>`}
        </div>
      </li>`
  }

  #isOwn(d: Device): boolean {
    return d.user === session.value?.user && d.device === ownDevice.value
  }

  #says(d: Device) {
    const parts = [
      d.connected ? `connected${d.role ? ` as ${d.role}` : ""}` : d.last_contact ? html`<span title=${time(d.last_contact, { exact: true })}>last seen ${ago(d.last_contact)}</span>` : "not seen for long",
      d.first_contact ? html`<span title=${time(d.first_contact, { exact: true })}>first seen ${ago(d.first_contact)}</span>` : "",
      d.revoked_at ? `shut out ${ago(d.revoked_at)}` : "",
    ].filter(part => part !== "")
    return parts.map((part, i) => html`${i > 0 ? " · " : ""}${part}`)
  }

  async #readmit(d: Device) {
    try {
      await post(`/api/devices/${d.id}/readmit`)
      toast({ text: `${called(d)} may come back.`, tone: "good", lasts: 5000 })
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
    await this.#read()
  }

  async #setRole(user: User, select: HTMLSelectElement) {
    const role = (select.value || null) as UserRole
    const risky = role === "none" || (user.user === session.value?.user && role !== "owner" && role !== null)
    try {
      if (risky) {
        select.value = user.role ?? "" // until it is done
        await this.dialog.ask({ act: "role", user: user.user, role })
        return
      }
      await setRole(user.user, role)
    } catch (error) {
      select.value = user.role ?? ""
      toast({ text: told(error), tone: "bad" })
    }
    await this.#read()
  }
}
