import { css, html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { post, told } from "../api"
import { deviceNames } from "../devicenames"
import { ago, label, value, who } from "../format"
import { Loading } from "../loading"
import { base, controls } from "../styles"
import type { Merged } from "../types"
import { Watch } from "../watch"
import { toast } from "./toasts"

/** What else was written into an ordinary field by people who did not know of each other. */
@customElement("wed-merged")
export class MergedEntry extends LitElement {
  static override styles = [base, controls, css`
    li { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-1) var(--space-3); padding: var(--space-2) var(--space-3); border-inline-start: 3px solid var(--accent); border-radius: var(--radius-small); background: var(--accent-wash); font-size: var(--size-small); }
    strong { overflow-wrap: anywhere; }
    .text { flex: 1 0 100%; }
  `]

  @property() entry = ""
  @property({ type: Boolean }) readonly = false
  #entry = new Loading<Merged>(this, () => (this.entry ? `/api/merged/${encodeURIComponent(this.entry)}` : ""), ["wedsync.client.merged"])

  constructor() {
    super()
    new Watch(this, deviceNames)
  }

  override render() {
    const entry = this.#entry.body
    if (!entry || entry.status !== "open") return nothing
    return html`<ul>${entry.values.filter(v => !v.shows).map(v => html`
      <li>
        <span class="text">Also written: <strong>${value(v.value)}</strong><br>
          <span class="soft">${who(v.author)}${v.edited_at ? `, ${ago(v.edited_at)}` : ""}</span></span>
        ${this.readonly ? nothing : html`
          <button class="small" @click=${() => this.#do(entry, "use", { value_of: v.change })}>Use this</button>
          <button class="small plain" @click=${() => this.#do(entry, "dismiss", {})}>Leave it</button>`}
      </li>`)}</ul>`
  }

  async #do(entry: Merged, verb: string, body: object) {
    try {
      await post(`/api/merged/${entry.id}/${verb}`, body)
      toast({ text: verb === "use" ? `${label(entry.field)} was replaced.` : "Left as it is.", lasts: 4000 })
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
    await this.#entry.reload()
  }
}
