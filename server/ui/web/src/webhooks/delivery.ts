import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { get, post, told } from "../api"
import { done } from "../components/ask"
import { toast } from "../components/toasts"
import { ago, time } from "../format"
import { names } from "../names"
import { base, cards, controls } from "../styles"
import { Watch } from "../watch"
import type { Delivery } from "./types"
import { deliveryStates, looks, pretty } from "./words"

/** What was sent, and, once it is opened, each attempt with what was answered. */
@customElement("wed-delivery")
export class DeliveryRow extends LitElement {
  static override styles = [base, controls, cards, looks, css`
    .attempt { display: grid; gap: var(--space-2); padding-block: var(--space-2); }
    .body { display: grid; gap: var(--space-2); padding-block-start: var(--space-3); }
  `]

  @property({ attribute: false }) delivery!: Delivery
  @property() path = ""
  @state() private open = false
  @state() private whole?: Delivery
  @state() private trouble = ""

  constructor() {
    super()
    new Watch(this, names)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (this.open && changed.get("delivery")) void this.#read() // sent again, it may look as before
  }

  override render() {
    const d = this.delivery
    const [tone, text] = deliveryStates[d.state]
    const client = d.client_id && names.value.get(d.client_id)?.name
    return html`
      <div class="head">
        <div class="item">
          <h3>${d.type}</h3>
          <p class="soft small">${client ? html`<a href="/clients/${d.client_id}">${client}</a> · ` : nothing}<span title=${time(d.created_at, { exact: true })}>${ago(d.created_at)}</span>${d.attempts > 1 ? ` · ${d.attempts} attempts` : ""}${d.due_at && d.attempts > 0 && Date.parse(d.due_at) > Date.now() ? ` · again ${ago(d.due_at)}` : ""}</p>
        </div>
        <wed-badge tone=${tone}>${text}</wed-badge>
        <button class="small" aria-expanded=${this.open} aria-label="Log: ${d.type}" @click=${this.#toggle}>Log</button>
        ${d.state === "pending" && d.attempts === 0 ? nothing : html`<button class="small" aria-label="Send again: ${d.type}" @click=${this.#again}>Send again</button>`}
      </div>
      ${this.open ? html`<div class="body">${this.#log()}</div>` : nothing}`
  }

  #log() {
    if (this.trouble) return html`<p class="error" role="alert">${this.trouble}</p>`
    if (!this.whole) return html`<wed-skeleton rows="3"></wed-skeleton>`
    const { log = [], body } = this.whole
    return html`
      ${log.length === 0 ? html`<p class="soft">It was not sent yet.</p>` : html`<ol class="rows" aria-label="Attempts">${log.map(a => html`
        <li class="attempt">
          <p>${time(a.at)} · ${a.status ? `answered ${a.status}` : "no answer"} in ${a.took_ms} ms ${a.error && !a.status ? html`<span class="error">${a.error}</span>` : nothing}</p>
          <details><summary>Request and answer</summary>
            <pre tabindex="0" aria-label="Request">POST ${a.url}\n${lines(a.headers)}</pre>
            <pre tabindex="0" aria-label="Answer">${a.status ?? "none"}\n${lines(a.response_headers)}\n${a.response}</pre>
          </details>
        </li>`)}</ol>`}
      <details><summary>The event</summary><pre tabindex="0" aria-label="The event">${body ? JSON.stringify(body, null, 2) : "Its client was erased."}</pre></details>`
  }

  #toggle = () => {
    this.open = !this.open
    if (this.open) void this.#read()
  }

  async #read() {
    try {
      this.whole = (await get<Delivery>(this.path)).body
      this.trouble = ""
    } catch (error) {
      this.trouble = told(error)
    }
  }

  #again = async () => {
    try {
      await post(`${this.path}/redeliver`)
      toast({ text: "It is sent again, in its place among those of its client.", tone: "good", lasts: 5000 })
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
    done.set(done.value + 1)
  }
}

function lines(headers: Record<string, string> = {}): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${pretty(value)}`).join("\n")
}
