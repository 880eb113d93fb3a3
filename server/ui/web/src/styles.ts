// CSS that elements share. The tokens it is made of stand in page.css.

import { css } from "lit"

/** What every element begins with. */
export const base = css`
  *, *::before, *::after { box-sizing: border-box; }
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  h1 { font-size: var(--size-title); line-height: 1.25; letter-spacing: -0.01em; font-weight: 650; }
  h2 { font-size: var(--size-large); line-height: 1.3; font-weight: 620; }
  h3 { font-size: var(--size-body); line-height: 1.4; font-weight: 620; }
  a, strong { unicode-bidi: isolate; } /* names and values from right to left do not turn the sentence round */
  a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
  a:hover { color: var(--accent-strong); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: var(--radius-small); }
  .soft { color: var(--text-soft); }
  .small { font-size: var(--size-small); }
  .number { font-variant-numeric: tabular-nums; }
  .mono { font-family: var(--mono); font-size: 0.92em; }
  .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .hidden-text {
    position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap;
  }
`

/** Buttons and fields. */
export const controls = css`
  button, .button {
    display: inline-flex; align-items: center; justify-content: center; gap: var(--space-2);
    min-block-size: 2.25rem; padding: 0.3rem 0.875rem; border: 1px solid var(--line-strong);
    border-radius: var(--radius-small); background: var(--raised); color: var(--text);
    font: inherit; font-weight: 550; line-height: 1.2; text-decoration: none; cursor: pointer;
    transition: background var(--quick), border-color var(--quick), color var(--quick);
  }
  button:hover:not(:disabled), .button:hover { background: var(--accent-wash); border-color: var(--accent); color: var(--text); }
  button:disabled { opacity: 0.55; cursor: not-allowed; }
  button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  button.primary:hover:not(:disabled) { background: var(--accent-strong); border-color: var(--accent-strong); color: var(--on-accent); }
  button.plain { border-color: transparent; background: transparent; color: var(--accent); }
  button.plain:hover:not(:disabled) { background: var(--accent-wash); border-color: transparent; }
  button.danger { border-color: var(--bad); color: var(--bad); background: transparent; }
  button.danger:hover:not(:disabled) { background: var(--bad-wash); border-color: var(--bad); color: var(--bad); }
  button.small { min-block-size: 1.75rem; padding: 0.125rem 0.625rem; font-size: var(--size-small); }
  input, select, textarea {
    inline-size: 100%; min-block-size: 2.5rem; padding: 0.4rem 0.7rem; border: 1px solid var(--line-strong);
    border-radius: var(--radius-small); background: var(--card); color: var(--text); font: inherit;
  }
  input[type="checkbox"], input[type="radio"] { inline-size: 1.125rem; min-block-size: 1.125rem; accent-color: var(--accent); }
  select {
    appearance: none; padding-inline-end: 2rem; text-overflow: ellipsis; cursor: pointer;
    background: var(--card) url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='12' height='8' fill='none' stroke='%23857c83' stroke-width='1.75' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='m1.5 1.5 4.5 4.5 4.5-4.5'/%3E%3C/svg%3E") no-repeat right 0.75rem center;
  }
  input, textarea { unicode-bidi: plaintext; } /* what is written from right to left begins at the right */
  textarea { resize: vertical; line-height: 1.55; }
  input::placeholder, textarea::placeholder { color: var(--text-faint); opacity: 1; }
  input:focus-visible, select:focus-visible, textarea:focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; border-color: var(--accent); }
  label, .label { font-size: var(--size-small); font-weight: 560; color: var(--text-soft); }
  @media (pointer: coarse) {
    button, .button, button.small, input, select { min-block-size: 44px; }
    button.small { padding-inline: 0.75rem; }
    input, select, textarea { font-size: 16px; } /* or phones zoom in on a field */
  }
  .field { display: grid; gap: var(--space-1); }
  .error { color: var(--bad); }
  kbd {
    display: inline-block; min-inline-size: 1.4em; padding: 0 0.3em; border: 1px solid var(--line-strong); border-block-end-width: 2px;
    border-radius: 0.25rem; background: var(--sunken); color: var(--text-soft); font: 0.85em var(--mono); text-align: center;
  }
`

/** What stands on a page: cards, rows, what stands under or beside another. */
export const cards = css`
  .card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow); }
  .pad { padding: var(--space-4); }
  .stack { display: grid; gap: var(--space-4); }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); }
  .rows > li + li { border-block-start: 1px solid var(--line); }
  .rows > li { padding: var(--space-3) var(--space-4); }
`

/** The frame of a page: its title, what can be done there, its cards. */
export const pageFrame = css`
  ${cards}
  :host { padding: var(--space-5) var(--space-4) var(--space-7); max-inline-size: 72rem; margin-inline: auto; }
  .page-head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-3) var(--space-4); margin-block-end: var(--space-5); }
  .page-head > h1 { flex: 1 1 auto; }
  .page-head > .actions { display: flex; flex-wrap: wrap; gap: var(--space-2); align-items: center; }
  @media (min-width: 48rem) { :host { padding: var(--space-6) var(--space-6) var(--space-7); } }
`
