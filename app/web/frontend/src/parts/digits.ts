import { LitElement, css, html, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';

const SIZE = 100;
const FONT = `700 ${SIZE}px system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif`;

let cell = 0;

/** The width of the widest digit, so that no font can make the others move. */
function cellWidth(): number {
  if (cell > 0) return cell;
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 70;
  context.font = FONT;
  cell = Math.max(...[...'0123456789'].map((digit) => context.measureText(digit).width));
  return cell;
}

/** Digits that fill their box; each has a place of its own and stays there. */
@customElement('live-digits')
export class LiveDigits extends LitElement {
  static override styles = css`
    :host {
      display: block;
      min-height: 0;
      min-width: 0;
    }
    svg {
      display: block;
      width: 100%;
      height: 100%;
    }
    text {
      font: 700 100px system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif;
      font-variant-numeric: tabular-nums lining-nums;
      text-anchor: middle;
      fill: currentColor;
      stroke: var(--digits-outline, none);
      stroke-width: 3px;
      paint-order: stroke;
    }
  `;

  @property() value = '';

  override render() {
    const width = cellWidth();
    let x = 0;
    const places = [...this.value].map((sign) => {
      const own = sign === ':' ? width * 0.5 : width;
      x += own;
      return svg`<text x=${x - own / 2} y=${SIZE * 0.78}>${sign}</text>`;
    });
    return html`<svg viewBox="0 0 ${x || 1} ${SIZE * 0.84}" aria-hidden="true">${places}</svg>`;
  }
}
