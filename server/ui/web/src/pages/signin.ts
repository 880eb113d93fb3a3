import { css, html, LitElement } from "lit"
import { customElement, state } from "lit/decorators.js"
import "../components/all"
import { told } from "../problem"
import { go } from "../router"
import { signedOutBecause, signIn } from "../session"
import { base, controls } from "../styles"

/** Asks for a token. */
@customElement("wed-sign-in")
export class SignInPage extends LitElement {
  static override styles = [base, controls, css`
    :host { display: grid; place-items: center; min-block-size: 100dvh; padding: var(--space-4); }
    main { inline-size: min(27rem, 100%); display: grid; gap: var(--space-5); }
    .mark { inline-size: 3.5rem; block-size: 3.5rem; border-radius: 0.875rem; }
    form { display: grid; gap: var(--space-4); padding: var(--space-5); background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow); }
    textarea { font-family: var(--mono); font-size: var(--size-small); min-block-size: 6.5rem; overflow-wrap: anywhere; }
    pre { margin: 0; padding: var(--space-3); overflow-x: auto; background: var(--sunken); border-radius: var(--radius-small); font: var(--size-small) / 1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
    .notice { padding: var(--space-3) var(--space-4); border-radius: var(--radius-small); background: var(--wait-wash); color: var(--wait); }
    section { display: grid; gap: var(--space-2); }
    header { display: grid; gap: var(--space-2); }
    header h1 { margin-block-start: var(--space-2); }
  `]

  @state() private trouble = ""

  override render() {
    return html`
      <main>
        <header>
          <img class="mark" src="/icon.svg" alt="" width="56" height="56">
          <h1>Sign in to WedSync</h1>
          <p class="soft">Your client records stay in this browser and work without a network.</p>
        </header>
        ${signedOutBecause.value ? html`<p class="notice" role="status">${signedOutBecause.value}</p>` : ""}
        <form @submit=${this.#submit}>
          <div class="field">
            <label for="token">Your token</label>
            <textarea id="token" name="token" required autocomplete="off" autocapitalize="off" spellcheck="false"
              aria-describedby="trouble" aria-invalid=${this.trouble !== ""}></textarea>
            <p id="trouble" class="error small" role="alert">${this.trouble}</p>
          </div>
          <button class="primary">Sign in</button>
        </form>
        <section class="stack">
          <p class="soft small">Whoever runs the hub makes tokens with</p>
          <pre>wedsync token --supplier SUPPLIER --user USER</pre>
        </section>
      </main>`
  }

  #submit(event: SubmitEvent) {
    event.preventDefault()
    const text = new FormData(event.target as HTMLFormElement).get("token")
    try {
      signIn(String(text))
      go("/inbox", { replace: true })
    } catch (error) {
      this.trouble = told(error)
    }
  }
}
