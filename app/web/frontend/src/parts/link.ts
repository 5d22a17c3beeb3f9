import { LitElement, css, html, nothing, svg } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import qrcode from 'qrcode-generator';

import { t } from '../texts/index.js';
import { controls } from './styles.js';

const QUIET = 4; // modules of white around the code, as its standard asks

/** One link: to read, to copy, to scan. */
@customElement('live-link')
export class LiveLink extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; }
      .link { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
      .link > div { flex: 1 1 12rem; min-width: 0; }
      label { margin-top: 0; }
      input { font-size: 0.85rem; }
      svg { display: block; min-width: 9rem; max-width: 100%; height: auto; background: #fff; border-radius: 8px; }
    `,
  ];

  @property() label = '';
  @property() note = '';
  @property() href = '';
  @state() private copied = false;

  override render() {
    return html`<div class="link">
      <div>
        <label>${this.label}
          <input readonly .value=${this.href} @focus=${(event: Event) => (event.target as HTMLInputElement).select()}>
        </label>
        <div class="row">
          <button @click=${this.#copy}>${t.share.copy}</button>
          <span role="status">${this.copied ? t.share.copied : nothing}</span>
        </div>
        ${this.note ? html`<p class="dim">${this.note}</p>` : nothing}
      </div>
      ${code(this.href, t.share.qr(this.label))}
    </div>`;
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.href);
      this.copied = true;
    } catch {
      // Without TLS there is no clipboard: the text is selected for a person to copy.
      this.renderRoot.querySelector('input')?.focus();
    }
  };
}

function code(text: string, label: string) {
  if (!text) return nothing;
  // A long link is read better from larger modules than from more of them.
  const qr = qrcode(0, text.length > 200 ? 'L' : 'M');
  qr.addData(text);
  qr.make();
  const count = qr.getModuleCount();
  const places = Array.from({ length: count }, (_, place) => place);
  const path = places
    .flatMap((y) => places.filter((x) => qr.isDark(y, x)).map((x) => `M${x + QUIET} ${y + QUIET}h1v1h-1z`))
    .join('');
  const size = count + 2 * QUIET;
  // Three pixels a module: a long link has many, and a phone has to tell them apart.
  return html`<svg width=${3 * size} viewBox="0 0 ${size} ${size}" role="img" aria-label=${label} shape-rendering="crispEdges">
    ${svg`<path d=${path} fill="#000"></path>`}
  </svg>`;
}

export function viewerLink(shareToken: string): string {
  return `${location.origin}/r/${encodeURIComponent(shareToken)}`;
}

export function deskLink(shareToken: string): string {
  return `${viewerLink(shareToken)}/operate`;
}

export function operatorLink(shareToken: string, token: string): string {
  // In the fragment, which no browser sends to any server.
  return `${deskLink(shareToken)}#token=${token}`;
}
