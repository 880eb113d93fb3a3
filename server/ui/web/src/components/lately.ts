import { css, html, LitElement, nothing } from "lit"
import { customElement } from "lit/decorators.js"
import { label } from "../format"
import { Loading } from "../loading"
import { ended } from "../saying"
import { session } from "../session"
import { base } from "../styles"
import type { ConflictPage, Policy } from "../types"

/** What was decided lately, for a queue with nothing in it. */
@customElement("wed-lately")
export class Lately extends LitElement {
  static override styles = [base, css`
    :host { text-align: start; margin-block-start: var(--space-5); }
    h3 { font-size: var(--size-small); color: var(--text-soft); font-weight: 560; padding-block-end: var(--space-2); }
    li { padding-block: var(--space-2); border-block-start: 1px solid var(--line); color: var(--text); overflow-wrap: anywhere; }
    p { padding-block-start: var(--space-3); border-block-start: 1px solid var(--line); }
  `]

  #list = new Loading<ConflictPage>(this, () => "/api/conflicts?status=resolved&sort=newest&limit=3", ["wedsync.conflict."])
  #policy = new Loading<Policy>(this, () => "/api/policy", ["wedsync.policy"])

  override render() {
    const items = this.#list.body?.items ?? []
    if (items.length === 0) return nothing
    const kinds = new Map(this.#policy.body?.fields.map(f => [f.path, f.kind]))
    return html`
      <h3>Decided lately</h3>
      <ul>${items.map(c => html`<li>${c.client_name}, ${label(c.field).toLowerCase()}: <span class="soft">${ended(c, kinds.get(c.field) ?? "any", session.value?.user)}</span></li>`)}</ul>
      <p><a href="/inbox?show=decided">All that was decided</a></p>`
  }
}
