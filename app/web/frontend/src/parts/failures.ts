import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { t } from '../texts/index.js';
import type { Failure } from './desk-commands.js';
import { controls } from './styles.js';

/** What was not done, and why; `dismiss` carries what has been read. */
@customElement('live-failures')
export class LiveFailures extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; }
      .failure { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin-top: 0.6rem; padding: 0.6rem 0.8rem; border: 2px solid #ffb3b8; border-radius: 8px; background: #33171a; }
      p { flex: 1 1 14rem; margin: 0; }
    `,
  ];

  @property({ attribute: false }) failures: readonly Failure[] = [];

  override render() {
    return html`<div role="alert">${this.failures.map((failure) => this.#failure(failure))}</div>`;
  }

  #failure(failure: Failure) {
    const dismissed = () => this.dispatchEvent(new CustomEvent<Failure>('dismiss', { detail: failure }));
    return html`<div class="failure">
      <p>${t.operate.failed(failure.what)} ${failure.why}</p>
      ${failure.retry ? html`<button @click=${failure.retry}>${t.operate.retry}</button>` : nothing}
      <button @click=${dismissed}>${t.operate.dismiss}</button>
    </div>`;
  }
}
