import { css, html, nothing, type PropertyValues } from "lit"
import { customElement } from "lit/decorators.js"
import { date, label, money } from "../format"
import { freshen, type Row } from "../records"
import "./badge"
import { Virtual } from "./virtual"

/** The list of clients. */
@customElement("wed-client-list")
export class ClientList extends Virtual<Row> {
  static override styles = [...Virtual.styles, css`
    a {
      display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 0 var(--space-4); block-size: 100%;
      padding-inline: var(--space-4); border-block-end: 1px solid var(--line); color: inherit; text-decoration: none;
    }
    a:hover { background: var(--accent-wash); color: inherit; }
    a:focus-visible { outline-offset: -3px; }
    .who { display: grid; min-inline-size: 0; }
    .name { font-weight: 580; }
    .line { color: var(--text-soft); font-size: var(--size-small); }
    .venue, .date, .budget { display: none; }
    @media (min-width: 48rem) {
      a { grid-template-columns: minmax(0, 2.2fr) minmax(0, 1.5fr) 7.5rem 5rem 8.5rem; }
      .line { display: none; }
      .venue, .date, .budget { display: block; }
      .budget { text-align: end; }
      .venue { color: var(--text-soft); }
    }
    .badges { display: flex; justify-content: end; }
    @media (max-width: 47.99rem) {
      a { align-content: center; }
      .who { display: contents; }
      .name { grid-column: 1 / -1; }
    }
  `]

  override updated(changed: PropertyValues<this>) {
    super.updated(changed)
    for (const row of this.shown) if (row.stale) freshen(row.id)
  }

  override row({ id, name, venue, pending, budget, stale, ...row }: Row) {
    const day = row.date ? date(row.date) : "no date"
    return html`
      <a href="/clients/${id}">
        <span class="who">
          <span class="name cut">${name || (stale ? "…" : "Without a name")}</span>
          <span class="line cut number">${day}${venue ? ` · ${venue}` : ""}</span>
        </span>
        <span class="venue cut">${venue}</span>
        <span class="date number">${day}</span>
        <span class="budget number">${budget === null ? "" : money(budget)}</span>
        <span class="badges">${pending.length
          ? html`<wed-badge tone="wait" title=${pending.map(label).join(", ")}>${pending.length === 1 ? label(pending[0]!).toLowerCase() : `${pending.length} waiting`}</wed-badge>`
          : nothing}</span>
      </a>`
  }
}
