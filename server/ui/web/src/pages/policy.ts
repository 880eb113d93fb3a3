import { css, html, LitElement, nothing } from "lit"
import { customElement, state } from "lit/decorators.js"
import { Problem, put, told } from "../api"
import "../components/all"
import { icon } from "../components/icon"
import "../components/policyrow"
import { toast } from "../components/toasts"
import { ago, count } from "../format"
import { Loading } from "../loading"
import { changes, merge, type Draft } from "../policymerge"
import { mayDecide, session } from "../session"
import { base, controls, pageFrame } from "../styles"
import type { FieldPolicy, Policy } from "../types"
import { Watch } from "../watch"

const whileJudging = 1000 // milliseconds between two readings while records are judged
const every = 20_000 // and otherwise
const mostFields = 100
const zones = Intl.supportedValuesOf("timeZone")

/** Which fields are critical, and how edits of them are judged. */
@customElement("wed-policy")
export class PolicyPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    :host { max-inline-size: 56rem; }
    .rows > li { padding: 0; }
    .add { padding: var(--space-3) var(--space-4); border-block-start: 1px solid var(--line); }
    .rest { display: grid; gap: var(--space-4); }
    @media (min-width: 48rem) { .rest { grid-template-columns: 2fr 1fr 1fr; align-items: start; } }
    .foot { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-3); }
    .foot p { flex: 1 1 12rem; }
    .moved { display: grid; gap: var(--space-3); padding: var(--space-4); border-radius: var(--radius); background: var(--wait-wash); }
    .moved h2 { color: var(--wait); }
    .moved ul { list-style: disc; padding-inline-start: 1.25rem; }
    progress { inline-size: 100%; accent-color: var(--accent); }
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-2) var(--space-4); }
    dt { color: var(--text-soft); }
  `]

  @state() private draft?: Draft
  @state() private faults: { field: string; rule: string }[] = []
  @state() private trouble = ""
  @state() private busy = false
  /** The policy as somebody else has put it into force meanwhile. */
  @state() private moved?: Policy
  /** What the draft began as. */
  #base?: Draft
  #policy = new Loading<Policy>(this, () => "/api/policy")
  #timer?: ReturnType<typeof setTimeout>

  constructor() {
    super()
    new Watch(this, session)
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#again()
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  #again() {
    const rest = this.#policy.body?.job?.finished === false ? whileJudging : every
    this.#timer = setTimeout(async () => {
      if (document.visibilityState === "visible") await this.#policy.reload()
      if (this.isConnected) this.#again()
    }, rest)
  }

  override willUpdate() {
    const policy = this.#policy.body
    if (this.draft && policy && !this.#policy.answer?.old && policy.version > this.draft.version) {
      if (this.#edited()) this.moved = policy
      else this.#drop()
    }
  }

  override render() {
    const policy = this.#policy.body
    const owner = mayDecide(session.value)
    return html`
      <div class="page-head">
        <h1>Policy</h1>
        ${policy ? html`<span class="soft small">version ${policy.version}${this.#policy.answer?.old ? `, as of ${ago(this.#policy.answer.at)}` : ""}</span>` : nothing}
      </div>
      <div class="stack">
        <p class="soft">Edits of these fields may need an owner’s approval. All others merge by themselves.</p>
        ${this.#policy.trouble ? html`<div class="card"><p class="pad error" role="alert">${this.#policy.trouble}</p></div>`
          : !policy ? html`<div class="card"><wed-skeleton rows="9"></wed-skeleton></div>`
          : html`${this.#job(policy)}${owner ? this.#form(this.draft ?? draftOf(policy)) : this.#reading(policy)}`}
      </div>`
  }

  #job({ job }: Policy) {
    if (!job || (job.finished && job.failed === 0)) return nothing
    return html`
      <div class="card pad" role="status">
        ${job.finished ? nothing : html`
          <p>Records are judged by it: ${count(job.done)} of ${count(job.total)}.</p>
          <progress max=${Math.max(job.total, 1)} value=${job.done} aria-label="Records judged"></progress>`}
        ${job.failed > 0 ? html`<p class="error">${count(job.failed)} ${job.failed === 1 ? "record" : "records"} could not be judged; the hub’s log says why.</p>` : nothing}
      </div>`
  }

  #reading(p: Policy) {
    return html`
      <div class="card"><ul class="rows">${p.fields.map(f => html`<li><wed-policy-row .field=${f}></wed-policy-row></li>`)}</ul>
        ${p.fields.length === 0 ? html`<wed-empty icon="policy" title="No field is critical">Every edit counts at once.</wed-empty>` : nothing}</div>
      <dl class="card pad">
        <dt>Time zone</dt><dd>${p.zone}</dd>
        <dt>Decisions may be reopened</dt><dd>for ${p.reopen_hours} hours</dd>
        <dt>Reminder</dt><dd>${never(p.remind_after) ? "none" : `after ${p.remind_after}`}</dd>
      </dl>
      <p class="soft small">Owners may change this.</p>`
  }

  #form(d: Draft) {
    const edited = this.#edited()
    return html`
      ${this.moved ? this.#movedOn(this.moved) : nothing}
      <div class="card">
        <ul class="rows" aria-label="Critical fields">${d.fields.map((f, i) => html`
          <li><wed-policy-row editable ?further=${i > 0} .field=${f} .trouble=${this.#fault(i, f.path)}
            @change=${(e: CustomEvent<FieldPolicy>) => this.#edit({ fields: d.fields.with(i, e.detail) })}
            @remove=${() => this.#edit({ fields: d.fields.toSpliced(i, 1) })}></wed-policy-row></li>`)}</ul>
        ${d.fields.length === 0 ? html`<wed-empty icon="policy" title="No field is critical">Every edit counts at once.</wed-empty>` : nothing}
        <div class="add"><button ?disabled=${d.fields.length >= mostFields} @click=${this.#add}>${icon("add")}Add a field</button></div>
      </div>
      <div class="card pad rest">
        ${this.#input("zone", "Time zone of dates", d.zone, "zones", v => ({ zone: v }))}
        ${this.#input("reopen_hours", "Reopen within (hours)", String(d.reopen_hours), "", v => ({ reopen_hours: Number(v) }))}
        ${this.#input("remind_after", "Remind after", d.remind_after, "", v => ({ remind_after: v }), "Such as 72h or 90m; 0 for never.")}
        <datalist id="zones">${zones.map(zone => html`<option value=${zone}></option>`)}</datalist>
      </div>
      <div class="foot">
        <p class="error" role="alert">${this.trouble}</p>
        <button ?disabled=${!edited || this.busy} @click=${this.#drop}>Discard</button>
        <button class="primary" ?disabled=${!edited || this.busy} @click=${() => this.#save(d)}>${this.busy ? "Saving…" : "Put into force"}</button>
      </div>`
  }

  #input(name: keyof Draft, title: string, value: string, list: string, change: (value: string) => Partial<Draft>, hint = "") {
    const fault = this.faults.find(f => f.field === name)?.rule
    return html`
      <div class="field">
        <label for=${name}>${title}</label>
        <input id=${name} .value=${value} type=${name === "reopen_hours" ? "number" : "text"} min="1" max="8784" list=${list || nothing} autocomplete="off"
          aria-invalid=${fault !== undefined} aria-describedby="${name}-hint" @input=${(e: Event) => this.#edit(change((e.target as HTMLInputElement).value))}>
        <p id="${name}-hint" class="small ${fault ? "error" : "soft"}">${fault ?? hint}</p>
      </div>`
  }

  #movedOn(theirs: Policy) {
    const list = (all: string[]) => html`<ul>${all.map(text => html`<li>${text}</li>`)}</ul>`
    const { both } = merge(this.#base!, this.draft!, theirs)
    return html`
      <div class="moved" role="alert">
        <h2>Somebody else has changed the policy meanwhile</h2>
        <p>Nothing of yours was put into force, and nothing of it is lost: it stands below. What they changed (version ${theirs.version}):</p>
        ${list(changes(this.#base!, draftOf(theirs)))}
        ${both.length > 0 ? html`<p>Both of you changed these; yours would take the place of theirs:</p>${list(both)}` : nothing}
        <div class="row">
          <button @click=${this.#drop}>Take theirs, discard mine</button>
          <button class="mine" @click=${() => this.#rebase(theirs)}>Add mine to theirs, and let me look at it again</button>
        </div>
      </div>`
  }

  #add = () => {
    const { fields } = this.draft ?? draftOf(this.#policy.body!)
    this.#edit({ fields: [...fields, { path: "", kind: "text", review: "every_edit" }] })
    void this.updateComplete.then(async () => {
      const row = [...this.renderRoot.querySelectorAll<LitElement>("wed-policy-row")].at(-1)
      await row?.updateComplete
      row?.renderRoot.querySelector("input")?.focus()
    })
  }

  #edit(change: Partial<Draft>) {
    this.#base ??= draftOf(this.#policy.body!)
    this.draft = { ...(this.draft ?? draftOf(this.#policy.body!)), ...change }
    this.faults = []
    this.trouble = ""
  }

  #edited(): boolean {
    return this.draft !== undefined && JSON.stringify(this.draft) !== JSON.stringify(this.#base)
  }

  #drop = () => {
    this.draft = undefined
    this.#base = undefined
    this.moved = undefined
    this.faults = []
    this.trouble = ""
  }

  /** Goes on with what was edited, on top of the policy that is in force now. */
  #rebase(theirs: Policy) {
    this.draft = merge(this.#base!, this.draft!, draftOf(theirs)).draft
    this.#base = draftOf(theirs)
    this.moved = undefined
    this.trouble = ""
  }

  async #save(d: Draft) {
    this.busy = true
    this.trouble = ""
    this.faults = []
    try {
      const saved = await put<Policy>("/api/policy", d)
      this.#drop()
      toast({ text: `Version ${saved.version} of the policy is in force.`, tone: "good", lasts: 5000 })
    } catch (error) {
      if (error instanceof Problem && error.status === 422) this.faults = error.faults
      if (!(error instanceof Problem && error.kind === "stale")) this.trouble = told(error)
    } finally {
      this.busy = false
    }
    clearTimeout(this.#timer)
    await this.#policy.reload()
    this.#again()
  }

  /** What the hub found wrong with a field. */
  #fault(i: number, path: string): string {
    const found = this.faults.find(f => f.field === `fields.${path}` || f.field === `fields[${i}]` || f.field.startsWith(`fields[${i}].`))
    return found?.rule ?? ""
  }
}

function draftOf({ version, zone, fields, reopen_hours, remind_after }: Policy): Draft {
  return { version, zone, fields, reopen_hours, remind_after }
}

function never(span: string): boolean {
  return /^0(s|h|m)?$/.test(span)
}
