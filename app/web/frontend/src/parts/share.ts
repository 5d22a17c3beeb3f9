import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { t } from '../texts/index.js';
import { viewerLink } from './link.js';
import { controls } from './styles.js';

export type Wish = 'make-link' | 'end-links' | 'replace' | 'delete-room';

/** Who gets into the room; `wish` carries what its owner wants changed. */
@customElement('live-share')
export class LiveShare extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: grid; gap: 1rem; }
      h2 { font-size: 1.1rem; margin: 0 0 0.6rem; }
      .part + .part { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid #39425a; }
      .row { margin-top: 0.6rem; }
      p { margin: 0.6rem 0 0; }
      .done { color: #9be3b0; font-weight: 600; }
      .done:empty { display: none; }
    `,
  ];

  @property() shareToken = '';
  /** An operators' link that was made on this page, empty before. */
  @property() operators = '';
  /** What was done at last. */
  @property() done = '';
  /** An operator shares what everybody sees; the rest is the owner's. */
  @property({ type: Boolean }) owner = false;

  override render() {
    return html`<section class="card" aria-labelledby="share">
        <h2 id="share">${t.operate.share}</h2>
        <div class="part">
          <live-link label=${t.share.viewer} href=${viewerLink(this.shareToken)}></live-link>
          ${this.owner ? html`<div class="row">${this.#button('replace', t.share.replace)}</div>` : nothing}
        </div>
        ${this.owner ? this.#forOperators() : nothing}
        <p class="done" role="status">${this.done}</p>
      </section>
      ${this.owner
        ? html`<section class="card" aria-labelledby="room">
            <h2 id="room">${t.operate.room}</h2>
            ${this.#button('delete-room', t.operate.removeRoom)}
          </section>`
        : nothing}`;
  }

  #forOperators() {
    return html`<div class="part">
      ${this.operators
        ? html`<live-link label=${t.share.operator} note=${t.share.operatorNote} href=${this.operators}></live-link>`
        : nothing}
      <div class="row">
        ${this.operators ? nothing : this.#button('make-link', t.share.make)}
        ${this.#button('end-links', t.share.end)}
      </div>
    </div>`;
  }

  #button(wish: Wish, words: string) {
    const asked = () => this.dispatchEvent(new CustomEvent<Wish>('wish', { detail: wish }));
    return html`<button data-wish=${wish} class=${wish === 'delete-room' ? 'perilous' : ''} @click=${asked}>${words}</button>`;
  }
}
