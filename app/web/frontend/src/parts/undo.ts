import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { type Offer, plain } from './log.js';
import { controls } from './styles.js';
import { withTitles } from './titled.js';

// Nobody has read new words sooner: the press was meant for what stood there before.
const TOO_QUICK_MS = 500;

/** The button that takes back what it names; `undo` carries it. */
@customElement('live-undo')
export class LiveUndo extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: flex; align-items: center; justify-content: end; min-width: 0; min-height: 3.5rem; }
      button { display: block; max-width: 100%; padding: 0.15rem 0.9rem; background: #222938; text-align: start; line-height: 1.2; }
      button[aria-disabled='true'] { cursor: default; }
      /* A title gives way first. */
      .what { display: flex; min-width: 0; white-space: pre; }
      .what > span { flex: 0 0 auto; }
      .what > bdi { flex: 0 1 auto; min-width: 1.5em; overflow: hidden; text-overflow: ellipsis; }
      @media (max-width: 40rem) {
        button { width: 100%; font-size: 0.9rem; line-height: 1.15; }
        .what { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: normal; overflow-wrap: anywhere; }
      }
      .who { display: block; overflow: hidden; color: var(--dim); font-size: 0.85rem; font-weight: 400; white-space: nowrap; text-overflow: ellipsis; }
    `,
  ];

  @property({ attribute: false }) offer: Offer | null = null;
  /** What was undone just now, for those who do not see it. */
  @property({ attribute: false }) said = '';
  @state() private shown: Offer | null = null;
  @state() private early = false;
  @query('button') private button!: HTMLButtonElement | null;
  #ready: ReturnType<typeof setTimeout> | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('offer')) return;
    // Whoever came to it by the keyboard does not lose it while they read.
    if (!this.offer && this.button?.matches(':focus-visible')) return;
    const other = this.offer?.revision !== this.shown?.revision;
    this.shown = this.offer;
    if (!other) return;
    this.early = this.offer !== null;
    clearTimeout(this.#ready);
    this.#ready = setTimeout(() => (this.early = false), TOO_QUICK_MS);
  }

  override render() {
    const { shown } = this;
    const words = shown ? plain(`${shown.what}, ${shown.who}`) : '';
    return html`${shown
        ? html`<button
            aria-label=${words}
            title=${words}
            aria-disabled=${this.early}
            @click=${this.#press}
            @blur=${() => (this.shown = this.offer)}
          ><span class="what">${withTitles(shown.what)}</span><span class="who">${shown.who}</span></button>`
        : nothing}
      <p class="said" aria-live="polite">${this.said}</p>`;
  }

  readonly #press = (): void => {
    if (this.early || !this.shown) return;
    this.dispatchEvent(new CustomEvent<Offer>('undo', { detail: this.shown }));
  };
}
