import { css, html, LitElement, nothing } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { get, patch, post, told } from "../api"
import { toast } from "../components/toasts"
import { label, value } from "../format"
import { base, cards, controls } from "../styles"
import type { Candidate, Connection, HookEvent, Mapping, Trial } from "./types"
import { looks, pretty, written } from "./words"

const left = { absent: "nothing there", empty: "empty there", set: "set by a rule before" }

/** Which of a sender's fields become which of a record's, and a place to try it. */
@customElement("wed-bench")
export class Bench extends LitElement {
  static override styles = [base, controls, cards, looks, css`
    .panes { display: grid; gap: var(--space-4); }
    .panes > * { min-inline-size: 0; align-content: start; }
    @media (min-width: 60rem) { .panes { grid-template-columns: 1fr 1fr; } }
    table { inline-size: 100%; border-collapse: collapse; }
    th, td { padding: var(--space-2) var(--space-3) var(--space-2) 0; border-block-end: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: anywhere; }
    th { font-size: var(--size-small); font-weight: 560; color: var(--text-soft); }
  `]

  @property({ attribute: false }) connection!: Connection
  @state() private trial?: Trial
  @state() private trouble = ""
  @state() private busy = false
  /** What is in the mapping's field, if it was edited. */
  @state() private draft?: string
  @query("#payload") private payload!: HTMLTextAreaElement

  override render() {
    const c = this.connection
    const own = written(c.mapping)
    return html`
      <section class="card section" aria-labelledby="bench">
        <h2 id="bench">Mapping</h2>
        <p class="soft small">Each rule takes what stands at the first path of <code>from</code> that holds something, changes it in the steps of <code>do</code> (trim, date, number, money, enum, split, join, default …) and sets the field <code>to</code>. What cannot be read stays as it was written.</p>
        <div class="panes">
          <div class="field">
            <label for="mapping">${c.mapping || this.draft !== undefined ? "Rules" : "Rules, as usual with this sender"}</label>
            <textarea id="mapping" class="code" spellcheck="false" .value=${this.draft ?? (own || written(c.usual_mapping))} @input=${(e: Event) => (this.draft = (e.target as HTMLTextAreaElement).value)}></textarea>
            <div class="row">
              <button class="primary" ?disabled=${this.busy || this.draft === undefined} @click=${() => this.#save(this.draft!)}>Save the rules</button>
              ${this.draft !== undefined ? html`<button @click=${() => (this.draft = undefined)}>Discard</button>` : nothing}
              ${c.mapping ? html`<button class="plain" ?disabled=${this.busy} @click=${() => this.#save("null")}>Back to the usual ones</button>` : nothing}
            </div>
          </div>
          <div class="field">
            <label for="payload">Try an event: what the sender sends</label>
            <textarea id="payload" class="code" spellcheck="false" placeholder='{"id": "c-1", "name": "Ada & Ben", "wedding_date": "2027-06-12"}'></textarea>
            <div class="row">
              <button class="try" ?disabled=${this.busy} @click=${this.#try}>Try it</button>
              ${c.last_event ? html`<button class="plain latest" ?disabled=${this.busy} @click=${this.#latest}>Take the latest event</button>` : nothing}
            </div>
          </div>
        </div>
        <p class="error" role="alert">${this.trouble}</p>
        <div role="status">${this.trial ? this.#result(this.trial) : nothing}</div>
      </section>`
  }

  #result(t: Trial) {
    return html`
      <h3>${would(t)}</h3>
      <table>
        <thead><tr><th scope="col">Field</th><th scope="col">From</th><th scope="col">Becomes</th></tr></thead>
        <tbody>${t.rules.map(rule => html`
          <tr class=${rule.left ? "soft" : ""}>
            <td>${label(rule.to)}</td>
            <td class="small">${rule.from ? html`<code>${rule.from}</code>: ${value(rule.found)}` : "—"}
              ${rule.steps.filter(step => step.why).map(step => html`<br><span class="error">${step.do}: ${step.why}</span>`)}</td>
            <td>${rule.left ? html`<span class="small">left alone: ${left[rule.left]}</span>` : value(t.edits[rule.to])}</td>
          </tr>`)}</tbody>
      </table>`
  }

  #try = () => this.#do(async () => {
    const mapping = this.draft === undefined ? {} : { mapping: read(this.draft) }
    this.trial = undefined
    this.trial = await post<Trial>(`/api/webhooks/connections/${this.connection.id}/try`, { payload: this.payload.value, ...mapping })
  })

  #latest = () => this.#do(async () => {
    const { body } = await get<HookEvent>(`/api/webhooks/events/${this.connection.last_event!.id}`)
    this.payload.value = pretty(body.body ?? "")
  })

  #save(text: string) {
    return this.#do(async () => {
      await patch(`/api/webhooks/connections/${this.connection.id}`, { version: this.connection.version, mapping: read(text) })
      this.draft = undefined
      this.dispatchEvent(new Event("saved"))
      toast({ text: "Saved. It holds from the next event on.", tone: "good", lasts: 5000 })
    })
  }

  async #do(act: () => Promise<void>) {
    this.busy = true
    this.trouble = ""
    try {
      await act()
    } catch (error) {
      this.trouble = told(error)
    } finally {
      this.busy = false
    }
  }
}

function read(text: string): Mapping | null {
  try {
    return JSON.parse(text) as Mapping | null
  } catch (error) {
    throw new Error(`The rules are no JSON: ${told(error)}.`)
  }
}

/** What an event would lead to, in a sentence. */
function would(t: Trial): string {
  switch (t.would) {
    case "edit": return "It would change a client that is known."
    case "create": return "It would make a new client."
    case "wait": return t.candidates.length > 0 ? `It would wait until you say whose it is: it may be ${t.candidates.map(called).join(" or ")}.` : "It would wait until you say whose it is."
    case "nothing": return "It would do nothing."
  }
}

/** What a client is called whose an event may be. */
export function called(c: Candidate): string {
  return c.client_name || "a client without a name"
}
