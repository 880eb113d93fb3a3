import { css, html, LitElement } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { del, patch, put, told } from "../api"
import { device } from "../format"
import { base, controls } from "../styles"
import type { Device } from "../types"
import type { Dialog } from "./dialog"
import { toast } from "./toasts"

/** The most that a user may do; null if nothing was set: then the user's token says. */
export type UserRole = "owner" | "member" | "integration" | "viewer" | "none" | null

export interface User {
  user: string
  role: UserRole
  devices: number
  connected: number
  last_contact: string | null
}

export const roles: [UserRole, string][] = [
  [null, "As the token says"], ["owner", "Owner · decides"], ["member", "Member · proposes"],
  ["integration", "Integration · proposes"], ["viewer", "Viewer · reads"], ["none", "No access"],
]

/** What a device is called. */
export function called(d: Device): string {
  const name = d.name || device(d.device)
  return name.charAt(0).toUpperCase() + name.slice(1)
}

type Asked = { act: "rename"; device: Device } | { act: "revoke"; device: Device } | { act: "role"; user: string; role: UserRole }

/** Asks before a device is renamed or shut out, or a role is set, and does it. It tells of "done", and of "close". */
@customElement("wed-people-dialog")
export class PeopleDialog extends LitElement {
  static override styles = [base, controls, css`.stack { display: grid; gap: var(--space-3); }`]

  @state() private asked?: Asked
  @state() private trouble = ""
  @state() private busy = false
  @query("wed-dialog") private dialog!: Dialog

  async ask(asked: Asked): Promise<void> {
    this.asked = asked
    this.trouble = ""
    await this.updateComplete
    await this.dialog.open()
    const input = this.renderRoot.querySelector<HTMLInputElement>("input")
    if (input && asked.act === "rename") {
      input.value = asked.device.name
      input.select()
    }
  }

  override render() {
    const asked = this.asked
    return html`
      <wed-dialog heading=${asked ? heading(asked) : ""} @close=${() => this.dispatchEvent(new Event("close"))}>
        <form id="form" class="stack" @submit=${this.#submit}>
          ${asked ? this.#body(asked) : ""}
          <p class="error" role="alert">${this.trouble}</p>
        </form>
        <button slot="actions" @click=${() => this.dialog.close()}>Cancel</button>
        <button slot="actions" class=${asked?.act === "rename" ? "primary" : "danger"} ?disabled=${this.busy} @click=${this.#submit}>${asked ? verb(asked) : ""}</button>
      </wed-dialog>`
  }

  #body(asked: Asked) {
    switch (asked.act) {
      case "rename": return html`
        <div class="field">
          <label for="name">What people call it</label>
          <input id="name" name="name" maxlength="100" autocomplete="off" autofocus>
        </div>
        <p class="soft small">Its token calls it ${asked.device.device}. Left empty, that is shown.</p>`
      case "revoke": return html`
        <p>The connections of <strong>${asked.device.user}</strong>’s ${called(asked.device)} end at once, and it is not let in again until an owner does. What it was sent, it keeps.</p>
        ${asked.device.by_storage ? html`<p>This device is known by its browser’s storage only: emptied, it comes back as another one. To shut ${asked.device.user} out for good, take the user’s access away instead.</p>` : ""}`
      case "role": return asked.role === "none"
        ? html`<p><strong>${asked.user}</strong> is shut out on all devices at once, whatever a token says.</p>`
        : html`<p>You change your own role. As anything but an owner you cannot take that back yourself.</p>`
    }
  }

  #submit = async (event: Event) => {
    event.preventDefault()
    const asked = this.asked
    if (!asked || this.busy) return
    this.busy = true
    this.trouble = ""
    try {
      if (asked.act === "rename") {
        const name = this.renderRoot.querySelector<HTMLInputElement>("input")!.value
        await patch(`/api/devices/${asked.device.id}`, { name })
      } else if (asked.act === "revoke") {
        await del(`/api/devices/${asked.device.id}`)
        toast({ text: `${called(asked.device)} is shut out.`, tone: "good", lasts: 5000 })
      } else if (asked.act === "role") {
        await setRole(asked.user, asked.role)
      }
      this.dialog.close()
      this.dispatchEvent(new Event("done"))
    } catch (error) {
      this.trouble = told(error)
    } finally {
      this.busy = false
    }
  }
}

/** Sets the most that a user may do. */
export async function setRole(user: string, role: UserRole): Promise<void> {
  await put(`/api/users/${encodeURIComponent(user)}`, { role })
  toast({ text: role === null ? `What ${user} may do, the token says again.` : `${user}: ${roles.find(([r]) => r === role)![1].toLowerCase()}.`, tone: "good", lasts: 5000 })
}

function heading(asked: Asked): string {
  switch (asked.act) {
    case "rename": return "Name this device"
    case "revoke": return `Shut ${called(asked.device)} out?`
    case "role": return asked.role === "none" ? `Take ${asked.user}’s access away?` : "Change your own role?"
  }
}

function verb(asked: Asked): string {
  switch (asked.act) {
    case "rename": return "Save"
    case "revoke": return "Shut it out"
    case "role": return asked.role === "none" ? "Take access away" : "Change it"
  }
}
