import { css } from "lit"

/** How a conflict's card looks. */
export const cardStyles = css`
  :host { scroll-margin-block: 5rem 6rem; }
  article { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); overflow: clip; }
  :host([current]) article { border-color: var(--accent); box-shadow: var(--shadow); }
  h2 { font-size: inherit; font-weight: inherit; }
  .head {
    display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.1rem var(--space-3); align-items: center; inline-size: 100%; min-block-size: 3.25rem;
    padding: var(--space-2) var(--space-4); border: 0; border-radius: 0; background: transparent; text-align: start; font-weight: 450; line-height: 1.4;
  }
  .over .change strong { font-weight: 450; }
  .head:focus-visible { outline-offset: -3px; border-radius: var(--radius); }
  .what { display: grid; min-inline-size: 0; }
  .client { font-weight: 620; overflow-wrap: anywhere; }
  .field { color: var(--text-soft); font-size: var(--size-small); }
  .change { display: flex; gap: 0.3em; align-items: baseline; grid-column: 1 / -1; grid-row: 2; min-inline-size: 0; white-space: nowrap; }
  .change bdi, .change strong { min-inline-size: 0; overflow: hidden; text-overflow: ellipsis; }
  .change bdi { flex: 0 1 auto; max-inline-size: 60%; } /* what is proposed shows beside the longest text */
  .change strong { font-weight: 600; }
  .since { display: inline-flex; align-items: center; gap: var(--space-1); color: var(--text-soft); font-size: var(--size-small); white-space: nowrap; }
  .since svg { inline-size: 1rem; block-size: 1rem; }
  .body { display: grid; gap: var(--space-4); padding: var(--space-1) var(--space-4) var(--space-4); }
  .why { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-4); }
  .values { display: grid; gap: var(--space-3); }
  .side { display: flex; flex-direction: column; gap: var(--space-2); min-inline-size: 0; padding-block: var(--space-3); }
  .side > h3 { font-size: var(--size-small); font-weight: 560; color: var(--text-soft); }
  .side > .value { font-size: var(--size-large); line-height: 1.35; font-weight: 560; overflow-wrap: anywhere; white-space: pre-wrap; max-block-size: 14rem; overflow: auto; }
  .side > .acts { padding-block-start: var(--space-2); }
  .proposed { padding: var(--space-3) var(--space-4); border: 1px solid var(--line-strong); border-radius: var(--radius-small); }
  .proposed wed-proposal { flex: 1; }
  .picked { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
  .notice { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); padding: var(--space-2) var(--space-3); border-radius: var(--radius-small); background: var(--sunken); }
  .notice span { flex: 1 1 14rem; }
  .notice svg { flex: none; }
  .notice.wait { background: var(--wait-wash); color: var(--wait); }
  .notice.bad { background: var(--bad-wash); color: var(--bad); }
  .foot { display: grid; gap: var(--space-3); }
  .acts { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2); }
  .acts:not(:has(*)) { display: none; }
  .editor { display: grid; gap: var(--space-1); padding: var(--space-3) var(--space-4); border: 1px solid var(--accent); border-radius: var(--radius-small); background: var(--accent-wash); }
  .typed { overflow-wrap: anywhere; }
  .typed output { font-weight: 600; user-select: all; }
  button kbd { font-size: 0.75rem; font-weight: 450; border-color: currentColor; background: transparent; color: inherit; opacity: 0.75; }
  @media (hover: none) { button kbd { display: none; } }
  @media (min-width: 44rem) {
    .head { grid-template-columns: minmax(12rem, 1fr) minmax(0, 1.3fr) 6.5rem; }
    .head[aria-expanded="true"] .what { grid-column: 1 / 3; }
    .head[aria-expanded="true"] .client { font-size: var(--size-large); }
    .change { grid-column: auto; grid-row: auto; }
    .over .change { grid-column: 2 / -1; }
    .since { grid-column: 3; justify-self: end; }
    .values { grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
    .note { max-inline-size: 34rem; }
    .editor { max-inline-size: 34rem; }
  }
`
