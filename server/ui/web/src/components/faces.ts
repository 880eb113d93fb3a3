import { css, html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { initial, label } from "../format"
import type { Peer } from "../presence"
import { base } from "../styles"

const most = 5

/** Who else is here. */
@customElement("wed-faces")
export class Faces extends LitElement {
  static override styles = [base, css`
    ul { display: flex; }
    li { display: grid; place-items: center; inline-size: 2rem; block-size: 2rem; border: 2px solid var(--page); border-radius: 50%; background: var(--peer); color: var(--on-peer); font-size: var(--size-small); font-weight: 650; text-transform: uppercase; }
    li + li { margin-inline-start: -0.5rem; }
    li { --on-peer: light-dark(#ffffff, #1c191b); }
    .p0 { --peer: light-dark(#2b6777, #7cc4d6); } .p1 { --peer: light-dark(#9a4a12, #f0a56c); } .p2 { --peer: light-dark(#3f6b1f, #a9d37f); }
    .p3 { --peer: light-dark(#5a4fb0, #b7aef5); } .p4 { --peer: light-dark(#a02a5c, #f39cbf); } .p5 { --peer: light-dark(#6d5a00, #dcc65b); }
    .more { --peer: var(--sunken); color: var(--text-soft); }
  `]

  @property({ attribute: false }) peers: Peer[] = []

  override render() {
    const shown = this.peers.slice(0, most)
    this.hidden = shown.length === 0
    return html`<ul aria-label="Also here">${shown.map(peer => {
      const says = peer.field ? `${peer.user}, in ${label(peer.field)}` : peer.user
      return html`<li class="p${peer.colour}" title=${says} data-peer=${peer.user}><span aria-hidden="true">${initial(peer.user)}</span><span class="hidden-text">${says}</span></li>`
    })}${this.peers.length > most ? html`<li class="more">+${this.peers.length - most}</li>` : nothing}</ul>`
  }
}
