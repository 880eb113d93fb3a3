import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { post, told } from "../api"
import { base, controls } from "../styles"
import type { Dialog } from "./dialog"

interface Report {
  found: { what: string; mended: boolean; action: string }[]
  done: string[]
  device?: { user: string; device: string; connections: number; explanation: string }
}

/** Repairs a record and shows the hub's report. */
@customElement("wed-repair")
export class Repair extends LitElement {
  static override styles = [base, controls, css`
    .stack { display: grid; gap: var(--space-3); }
    li { padding-block: var(--space-1); }
  `]

  @state() private name = ""
  @state() private report?: Report
  @state() private trouble = ""
  @query("wed-dialog") private dialog!: Dialog

  /** Repairs a record, with the connections of a device ("user/device") if one is named. */
  async repair(client: string, name: string, device: string): Promise<void> {
    this.name = name
    this.report = undefined
    this.trouble = ""
    await this.dialog.open()
    try {
      this.report = await post<Report>(`/api/clients/${encodeURIComponent(client)}/repair`, device ? { device } : {})
    } catch (error) {
      this.trouble = told(error)
    }
  }

  override render() {
    return html`
      <wed-dialog heading="Repair of ${this.name}">
        <div class="stack" role="status">${this.trouble ? html`<p class="error">${this.trouble}</p>` : this.report ? this.#says(this.report) : html`<p class="soft">The hub looks at the record…</p>`}</div>
        <button slot="actions" @click=${() => this.dialog.close()}>Close</button>
      </wed-dialog>`
  }

  #says({ found, done, device }: Report) {
    return html`
      ${found.length === 0 ? html`<p>The hub found nothing wrong with this record.</p>` : html`
        <ul>${found.map(f => html`<li>${f.what} <wed-badge tone=${f.mended ? "good" : "bad"}>${f.mended ? "mended" : "not mended"}</wed-badge>${f.action ? html`<br><strong>${f.action}</strong>` : nothing}</li>`)}</ul>`}
      ${done.length > 0 ? html`<h3>What was done</h3><ul>${done.map(d => html`<li>${d}</li>`)}</ul>` : nothing}
      ${device ? html`<h3>${device.user} on ${device.device}</h3><p>${device.explanation}</p>` : nothing}`
  }
}
