// <live-timer room="SHARE_TOKEN" server="https://…"> for other people's pages. The
// server has to name their origin in CORS_ORIGIN.
import { LiveTimerClient } from '../client/client.js';
import { LiveStage } from '../parts/stage.js';

class LiveTimerElement extends HTMLElement {
  static readonly observedAttributes = ['room', 'server', 'hide', 'transparent'];
  #client: LiveTimerClient | null = null;

  connectedCallback(): void {
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#client?.close();
    this.#client = null;
    this.replaceChildren();
  }

  attributeChangedCallback(): void {
    if (this.#client) this.#restart();
  }

  #restart(): void {
    this.#client?.close();
    const shareToken = this.getAttribute('room');
    if (!shareToken) return this.replaceChildren();
    // By default the server that this very script came from.
    const url = this.getAttribute('server') ?? new URL(import.meta.url).origin;
    this.#client = new LiveTimerClient({ url, shareToken });
    const stage = new LiveStage();
    stage.client = this.#client;
    stage.hide = new Set((this.getAttribute('hide') ?? '').split(','));
    stage.transparent = this.hasAttribute('transparent');
    this.replaceChildren(stage);
  }
}

customElements.define('live-timer', LiveTimerElement);
