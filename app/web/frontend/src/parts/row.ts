import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { formatDigits, phaseOf } from '../client/countdown.js';
import type { Timer } from '../client/protocol.js';
import { t } from '../texts/index.js';
import { controls } from './styles.js';

export type Action = 'start' | 'pause' | 'reset' | 'show' | 'edit' | 'remove' | 'up' | 'down';

/** One timer of the running order; `act` carries what the operator wants of it. */
@customElement('live-timer-row')
export class LiveTimerRow extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; }
      .timer {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.3rem 1rem;
        align-items: baseline;
        padding: 0.8rem;
        border: 1px solid #39425a;
        border-inline-start: 6px solid #39425a;
        border-radius: 12px;
        background: var(--card);
      }
      .selected { border-color: var(--accent); }
      .current { border-inline-start-color: #ffd24a; }
      h3 { margin: 0; font-size: 1.1rem; line-height: 1.3; max-height: 3.9em; overflow: hidden; }
      .digits { font-size: 1.7rem; font-weight: 700; font-variant-numeric: tabular-nums; text-align: end; }
      .warning .digits { color: #ffd24a; }
      .critical .digits { color: #ff9b52; }
      .over .digits { color: #ff8f98; }
      p { margin: 0; }
      .timer > p { grid-column: 1 / -1; }
      .row { grid-column: 1 / -1; margin-top: 0.3rem; gap: 0.4rem; }
      .acts, .more { display: flex; gap: 0.4rem; }
      .acts { flex: 10 1 auto; flex-wrap: wrap; }
      .more { flex: 1 1 auto; }
      .wide { flex: 1 1 auto; padding-inline: 0.6rem; }
      .small { flex: 0 0 auto; padding-inline: 0.4rem; }
    `,
  ];

  @property({ attribute: false }) timer!: Timer;
  @property({ type: Number }) remaining = 0;
  @property({ type: Boolean }) current = false;
  @property({ type: Boolean }) selected = false;
  @property({ type: Boolean }) busy = false;
  @property({ type: Boolean }) first = false;
  @property({ type: Boolean }) last = false;

  override render() {
    const { timer, current } = this;
    const phase = phaseOf(timer, this.remaining);
    const running = timer.status === 'running';
    const over = timer.status === 'finished';
    const start = timer.status === 'paused' ? t.operate.resume : t.operate.start;
    return html`<div class="timer ${phase} ${this.selected ? 'selected' : ''} ${current ? 'current' : ''}">
      <h3 dir="auto">${timer.title}</h3>
      <span class="digits">${formatDigits(this.remaining)}</span>
      <p class="dim">${current ? html`<b>★ ${t.operate.onScreens}</b> · ` : nothing}${t.phase[phase]}${timer.status === 'idle' ? nothing : ` · ${t.operate.length(formatDigits(timer.duration))}`}</p>
      <div class="row">
        <div class="acts">
        ${this.#button('start', '▶', start, { main: !running && !over, off: running || over, wide: true })}
        ${this.#button('pause', '❚❚', t.operate.pause, { main: running, off: !running, wide: true })}
        ${this.#button('reset', '↺', t.operate.reset, { main: over, off: timer.status === 'idle', wide: true })}
        </div><div class="more">
        ${this.#button('show', '★', t.operate.show, { off: current, wide: true })}
        ${this.#button('up', '↑', t.operate.up, { off: this.first, bare: true })}
        ${this.#button('down', '↓', t.operate.down, { off: this.last, bare: true })}
        ${this.#button('edit', '✎', t.operate.edit, { bare: true })}
        ${this.#button('remove', '✕', t.operate.remove, { bare: true })}
        </div>
      </div>
    </div>`;
  }

  #button(
    action: Action,
    sign: string,
    word: string,
    { main = false, off = false, wide = false, bare = false } = {},
  ) {
    return html`<button
      class="${main ? 'main' : ''} ${wide ? 'wide' : 'small'}"
      data-action=${action}
      aria-label=${t.operate.of(word, this.timer.title)}
      title=${word}
      ?disabled=${off}
      @click=${() => this.#act(action)}
    ><span aria-hidden="true">${sign}</span>${bare ? nothing : html` ${word}`}</button>`;
  }

  #act(action: Action): void {
    this.dispatchEvent(new CustomEvent<Action>('act', { detail: action }));
  }
}
