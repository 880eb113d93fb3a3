import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { Problem, told, type Fault } from "../problem"
import { base, controls } from "../styles"
import { Source, Watch } from "../watch"
import type { Dialog } from "./dialog"
import { toast } from "./toasts"

/** What is in a form's fields, by name. A box that is checked has a text, any other none. */
export type Values = { readonly [name: string]: string }

/** A field of a form. One that is shown is there to be copied, a secret one is not shown. */
export interface Field {
  name: string
  label: string
  kind?: "text" | "check" | "select" | "time" | "shown" | "secret"
  value?: string
  /** Of a select: values, and what people read. */
  options?: [string, string][]
  hint?: string
  placeholder?: string
}

/** What is asked before something is done. */
export interface Question {
  heading: string
  says?: unknown
  /** The fields, which may depend on what is in them. */
  fields?: (values: Values) => Field[]
  verb: string
  danger?: boolean
  /** Does it. It returns what to tell people, or what to ask next. */
  run?: (values: Values) => Promise<string | Question | void>
}

const types: { [kind: string]: string } = { time: "datetime-local", secret: "password" }

const asked = new Source<Question | null>(null)

/** Counts what was done. */
export const done = new Source(0)

/** Asks a question, where there is a <wed-ask>. */
export function ask(question: Question): void {
  asked.set(question)
}

/** Where questions are asked, one at a time. */
@customElement("wed-ask")
export class Ask extends LitElement {
  static override styles = [base, controls, css`
    form { display: grid; gap: var(--space-3); }
    .copy { display: flex; gap: var(--space-2); }
    .copy input { font-family: var(--mono); font-size: 0.92em; }
    .check { display: flex; align-items: start; gap: var(--space-3); }
    .check input { flex: none; margin-block-start: 0.2em; }
    label { color: var(--text); }
    p { overflow-wrap: anywhere; }
  `]

  @state() private values: Values = {}
  @state() private faults: Fault[] = []
  @state() private trouble = ""
  @state() private busy = false
  @query("wed-dialog") private dialog!: Dialog
  #end?: () => void

  constructor() {
    super()
    new Watch(this, asked)
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#end = asked.subscribe(question => void (question && this.#open()))
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#end?.()
    asked.set(null)
  }

  async #open(): Promise<void> {
    this.values = {}
    this.faults = []
    this.trouble = ""
    await this.updateComplete
    await this.dialog.open()
    this.renderRoot.querySelector<HTMLElement>("form input, form select")?.focus()
  }

  override render() {
    const q = asked.value
    return html`
      <wed-dialog heading=${q?.heading ?? ""} @close=${this.#closed}>
        <form @submit=${this.#submit}>
          ${q?.says ? html`<p>${q.says}</p>` : nothing}
          ${this.#fields().map(field => this.#field(field))}
          <p class="error" role="alert">${this.trouble}</p>
        </form>
        ${q?.run ? html`<button slot="actions" @click=${() => this.dialog.close()}>Cancel</button>` : nothing}
        <button slot="actions" class=${q?.danger ? "danger" : "primary"} ?disabled=${this.busy} @click=${this.#submit}>${q?.verb}</button>
      </wed-dialog>`
  }

  #fields(): Field[] {
    return asked.value?.fields?.(this.values) ?? []
  }

  #value({ name, value = "" }: Field): string {
    return this.values[name] ?? value
  }

  #field(field: Field) {
    const { name, label, kind = "text", hint, options = [], placeholder = "" } = field
    const value = this.#value(field)
    const fault = this.faults.filter(f => concerns(f, name)).map(f => f.rule).join("; ")
    const set = (e: Event) => {
      const input = e.target as HTMLInputElement
      this.values = { ...this.values, [name]: kind !== "check" ? input.value : input.checked ? "yes" : "" }
    }
    const says = fault || hint ? html`<p id="${name}-says" class="small ${fault ? "error" : "soft"}">${fault || hint}</p>` : nothing
    const described = says === nothing ? nothing : `${name}-says`
    if (kind === "check") {
      return html`<div class="check"><input id=${name} type="checkbox" .checked=${value !== ""} aria-describedby=${described} @change=${set}><div><label for=${name}>${label}</label>${says}</div></div>`
    }
    return html`
      <div class="field">
        <label for=${name}>${label}</label>
        ${kind === "select" ? html`
          <select id=${name} aria-describedby=${described} @change=${set}>${options.map(([option, text]) => html`<option value=${option} .selected=${option === value}>${text}</option>`)}</select>`
        : kind === "shown" ? html`
          <div class="copy"><input id=${name} readonly .value=${value} @focus=${(e: Event) => (e.target as HTMLInputElement).select()}>
            <button type="button" aria-label="Copy ${label}" @click=${() => copy(label, value)}>Copy</button></div>`
        : html`
          <input id=${name} type=${types[kind] ?? "text"} .value=${value} placeholder=${placeholder} autocomplete=${kind === "secret" ? "new-password" : "off"} spellcheck="false"
            aria-invalid=${fault !== ""} aria-describedby=${described} @input=${set}>`}
        ${says}
      </div>`
  }

  #closed = () => asked.set(null)

  #submit = async (event: Event) => {
    event.preventDefault()
    const question = asked.value
    if (!question || this.busy) return
    if (!question.run) return this.dialog.close()
    this.busy = true
    this.faults = []
    this.trouble = ""
    try {
      const said = await question.run(Object.fromEntries(this.#fields().map(field => [field.name, this.#value(field)])))
      done.set(done.value + 1)
      if (said && typeof said !== "string") return ask(said)
      this.dialog.close()
      if (said) toast({ text: said, tone: "good", lasts: 5000 })
    } catch (error) {
      const fields = this.#fields()
      this.faults = error instanceof Problem ? error.faults : []
      const all = this.faults.length > 0 && this.faults.every(fault => fields.some(field => concerns(fault, field.name)))
      this.trouble = all ? "" : told(error)
    } finally {
      this.busy = false
    }
  }
}

function concerns(fault: Fault, name: string): boolean {
  return fault.field === name || fault.field.startsWith(`${name}[`)
}

async function copy(label: string, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast({ text: `${label}: copied.`, tone: "good", lasts: 3000 })
  } catch {
    toast({ text: "This browser does not let the app copy: select the text and copy it yourself.", tone: "bad" })
  }
}
