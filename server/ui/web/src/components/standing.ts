import { css, html, LitElement, nothing } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { told } from "../api"
import { check, type Finding } from "../check"
import { deviceNames } from "../devicenames"
import { ago, date, device, isDay, label, time, value } from "../format"
import { names } from "../names"
import { mayDecide, session } from "../session"
import { base, controls } from "../styles"
import type { DeviceState, DeviceStatus, RecordStatus } from "../types"
import { Watch } from "../watch"
import type { Tone } from "./badge"

const states: Record<DeviceState, [string, Tone]> = {
  in_sync: ["in sync", "good"],
  device_behind: ["catching up", "wait"],
  hub_behind: ["has yet to send", "wait"],
  waiting_for_dependency: ["waits for another device", "wait"],
  refused: ["refused", "bad"],
  fighting: ["fights", "bad"],
  never_seen: ["never opened", "plain"],
}

/** What a state is called, and how it looks. */
export function stateOf(state: DeviceState): [string, Tone] {
  return states[state] ?? [state, "plain"]
}

/** Whether a device needs somebody to look at it. */
export function inTrouble(d: DeviceStatus): boolean {
  return d.state !== "in_sync" && d.state !== "never_seen"
}

/** How devices stand to one record. It tells of "repair", with the device that it is about, if any. */
@customElement("wed-standing")
export class Standing extends LitElement {
  static override styles = [base, controls, css`
    :host { padding: var(--space-3) var(--space-4); }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); }
    .head h3 { flex: 0 1 auto; min-inline-size: 0; overflow-wrap: anywhere; }
    .head a { text-decoration: none; }
    .head a:hover { text-decoration: underline; }
    .quiet { flex: 1 1 auto; }
    .buttons { display: flex; gap: var(--space-2); }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 var(--space-3); padding-block: var(--space-2); }
    li + li { border-block-start: 1px dashed var(--line); }
    li:last-child { padding-block-end: 0; }
    li .says { grid-column: 1 / -1; overflow-wrap: anywhere; }
    .todo { color: var(--text); }
    .finding { margin-block-start: var(--space-2); }
    .finding.bad { color: var(--bad); }
    .finding.good { color: var(--good); }
    .finding.wait { color: var(--wait); }
    button.more { padding: 0; min-block-size: 1.5rem; border: 0; font-weight: 400; text-align: start; }
    .notice { margin-block: var(--space-2); padding: var(--space-2) var(--space-3); border-radius: var(--radius-small); background: var(--wait-wash); color: var(--wait); }
  `]

  @property({ attribute: false }) record!: RecordStatus
  @state() private all = false
  @state() private finding?: Finding | "checking" | Error

  constructor() {
    super()
    new Watch(this, names, deviceNames)
  }

  override render() {
    const { client_id: id, devices, pending, stale, notice } = this.record
    const quiet = devices.filter(d => !inTrouble(d))
    const name = names.value.get(id)?.name || (names.value.has(id) ? "Without a name" : "A client")
    return html`
      <div class="head">
        <h3><a href="/clients/${id}">${name}</a></h3>
        <span class="quiet small soft">${quiet.length > 0
          ? html`<button class="plain more small" aria-expanded=${this.all} @click=${() => (this.all = !this.all)}>${this.all ? "Less" : quietly(quiet)}</button>`
          : devices.length === 0 ? "No device has opened it yet" : nothing}</span>
        ${pending > 0 ? html`<wed-badge tone="wait">${pending} to decide</wed-badge>` : nothing}
        ${stale ? html`<wed-badge title="The hub could not read all of it in time.">not read yet</wed-badge>` : nothing}
        <div class="buttons">
          <button class="small" aria-label="Check this browser’s copy of ${name}" ?disabled=${this.finding === "checking"} @click=${this.check}>Check</button>
          ${mayDecide(session.value) ? html`<button class="small" aria-label="Repair ${name}" @click=${() => this.#repair()}>Repair</button>` : nothing}
        </div>
      </div>
      ${this.#found()}
      ${notice ? html`<p class="notice">${notice.explanation} <strong>${notice.action}</strong></p>` : nothing}
      <ul>
        ${devices.filter(inTrouble).map(d => this.#device(d))}
        ${this.all ? quiet.map(d => this.#device(d)) : nothing}
      </ul>`
  }

  #device(d: DeviceStatus) {
    const [name, tone] = stateOf(d.state)
    return html`
      <li>
        <span class="cut"><strong>${d.user}</strong> on ${device(d.device)}</span>
        <wed-badge tone=${tone}>${name}</wed-badge>
        <p class="says soft small">
          ${d.explanation} ${d.action ? html`<strong class="todo">${d.action}</strong>` : nothing}
          ${d.missing_on_hub > 0 ? html`<span class="number">At least ${d.missing_on_hub} to send.</span>` : nothing}
          ${d.connected ? "Connected now." : d.last_contact ? html`<span title=${time(d.last_contact, { exact: true })}>Last seen ${ago(d.last_contact)}.</span>` : nothing}
          ${inTrouble(d) && mayDecide(session.value) ? html`<button class="plain more small" @click=${() => this.#repair(d)}>Repair with this device</button>` : nothing}
        </p>
        ${d.reenter?.length ? html`<div class="says small">Enter again: ${d.reenter.map(r => html`
          <span>${label(r.field)} <strong>${typeof r.value === "string" && isDay(r.value) ? date(r.value) : value(r.value)}</strong>${r.edited_at ? ` (${ago(r.edited_at)})` : ""} </span>`)}</div>` : nothing}
      </li>`
  }

  #found() {
    const f = this.finding
    const line = (tone: string, text: string) => html`<p class="finding small ${tone}" role="status">${text}</p>`
    if (f === undefined) return nothing
    if (f === "checking") return line("soft", "Comparing…")
    if (f instanceof Error) return line("bad", f.message)
    switch (f.state) {
      case "same": return line("good", `This browser’s copy is the hub’s, to the letter (digest ${f.digest.slice(0, 8)}…).`)
      case "moving": return line("wait", "This browser and the hub hold other changes: one has yet to hear of the other’s. Check again in a moment.")
      case "differs": return line("bad", `This browser shows something else than the hub, although both hold the same changes (digest ${f.ours.slice(0, 8)}… here, ${f.theirs.slice(0, 8)}… there). Repair the record; if that does not help, clear this browser’s storage of this site.`)
      case "absent": return line("soft", "This browser holds no copy of it. It gets one when the record is opened.")
      case "unknown": return line("wait", "The hub could not read the record in time. Check again in a moment.")
    }
  }

  /** Compares this browser's copy. */
  check = async (): Promise<Finding | undefined> => {
    this.finding = "checking"
    try {
      return (this.finding = await check(this.record.document_id))
    } catch (error) {
      this.finding = error instanceof Error ? error : new Error(told(error))
      return undefined
    }
  }

  #repair(d?: DeviceStatus) {
    this.dispatchEvent(new CustomEvent("repair", { detail: d ? `${d.user}/${d.device}` : "" }))
  }
}

function quietly(devices: DeviceStatus[]): string {
  const synced = devices.filter(d => d.state === "in_sync").length
  const parts = [synced > 0 ? `${synced} in sync` : "", devices.length > synced ? `${devices.length - synced} never opened it` : ""]
  return parts.filter(Boolean).join(", ")
}
