import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { LiveTimerClient } from '../client/client.js';
import { formatDigits, phaseOf, progressOf, type Phase } from '../client/countdown.js';
import type { Timer } from '../client/protocol.js';
import { language, t } from '../texts/index.js';
import './digits.js';

export type Part = 'room' | 'title' | 'phase' | 'progress' | 'message' | 'next' | 'status';

const SIGNS: Record<Phase, string> = {
  idle: '○',
  paused: '❚❚',
  normal: '▶',
  warning: '▲',
  critical: '◆',
  over: '■',
};

interface Picture {
  timer: Timer | null;
  digits: string;
  phase: Phase;
  unconfirmed: number;
}

/** What the hall sees: the current timer over the whole box. */
@customElement('live-stage')
export class LiveStage extends LitElement {
  static override styles = css`
    :host {
      --ink: #f4f6fb;
      --dim: #b4bccb;
      --tone: #7cc4ff;
      display: block;
      box-sizing: border-box;
      container-type: size;
      width: 100%;
      height: 100%;
      min-height: 8rem;
      overflow: hidden;
      background: var(--ground, #0b0d12);
      color: var(--ink);
      font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif;
    }
    :host([transparent]) {
      background: transparent;
      --digits-outline: #000;
      text-shadow: 0 0 0.2em #000, 0 0 0.1em #000;
    }
    :host([mirror]) .frame {
      transform: scaleX(-1);
    }
    .frame {
      box-sizing: border-box;
      display: grid;
      grid-template-rows: auto minmax(0, 1fr) auto auto;
      gap: 2cqmin;
      height: 100%;
      padding: 3cqmin 4cqmin;
      text-align: center;
    }
    .warning { --tone: #ffd24a; }
    .critical { --tone: #ff9b52; }
    .over { --tone: #ff8f98; }
    .paused, .idle { --tone: #c9d1e0; }
    .phase, live-digits { color: var(--tone); }
    .critical live-digits { animation: beat 1s ease-in-out infinite; }
    @keyframes beat { 50% { opacity: 0.82; } }
    .room, .next, .status { color: var(--dim); font-size: clamp(0.8rem, 1cqw + 1.6cqh, 5rem); }
    .head, .foot { min-width: 0; }
    h1, p { margin: 0; overflow-wrap: anywhere; }
    h1, .message, .next {
      display: -webkit-box;
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 2;
      overflow: hidden;
    }
    h1 { font-size: clamp(1.1rem, 2.4cqw + 3cqh, 11rem); line-height: 1.2; font-weight: 600; }
    .room, .next { -webkit-line-clamp: 1; }
    .phase { font-size: clamp(0.9rem, 1.6cqw + 2.6cqh, 8rem); font-weight: 700; line-height: 1.3; }
    .message { font-size: clamp(1rem, 2.4cqw + 3cqh, 11rem); line-height: 1.25; font-weight: 600; }
    .bar {
      height: clamp(6px, 2cqmin, 2.5rem);
      margin-block: 1cqmin;
      border: max(1px, 0.2cqmin) solid var(--dim);
      border-radius: 1cqmin;
      overflow: hidden;
    }
    .fill { height: 100%; background: var(--tone); transform-origin: left; transform: scaleX(0); }
    :dir(rtl) .fill { transform-origin: right; }
    .status { color: #ffd24a; font-weight: 600; min-height: 1.3em; line-height: 1.3; }
    .center { align-self: center; }
    .said {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }
    @media (prefers-reduced-motion: reduce) {
      .critical live-digits { animation: none; }
    }
  `;

  @property({ attribute: false }) client: LiveTimerClient | null = null;
  @property({ attribute: false }) hide: ReadonlySet<string> = new Set();
  @property({ type: Boolean, reflect: true }) transparent = false;
  @property({ type: Boolean, reflect: true }) mirror = false;
  @state() private picture: Picture = { timer: null, digits: '', phase: 'idle', unconfirmed: 0 };
  @query('.fill') private fill!: HTMLElement | null;

  #frame = 0;
  #stop: () => void = () => {};
  #said = '';
  #announced = '';
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');

  override connectedCallback(): void {
    super.connectedCallback();
    this.lang = language;
    const draw = () => {
      this.#draw();
      this.#frame = requestAnimationFrame(draw);
    };
    this.#frame = requestAnimationFrame(draw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
    this.#stop();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client')) return;
    this.#stop();
    this.#stop = this.client?.onChange(() => this.requestUpdate()) ?? (() => {});
  }

  /** Takes the picture of this frame; renders only where something reads differently. */
  #draw(): void {
    const { client } = this;
    if (!client) return;
    const timer = client.currentTimer;
    const remaining = timer ? client.remaining(timer) : 0;
    // Without the server's time the digits would be the device's, and wrong.
    const known = timer !== null && (timer.endsAt === null || client.clock.known);
    const picture: Picture = {
      timer,
      digits: known ? formatDigits(remaining) : '',
      phase: timer ? phaseOf(timer, remaining) : 'idle',
      unconfirmed: client.unconfirmedSeconds(),
    };
    if (differs(picture, this.picture)) {
      this.picture = picture;
      this.#announce(picture);
      // In this frame, not after it: all screens change their digits together.
      this.performUpdate();
    }
    if (timer && this.fill) {
      const step = this.#calm.matches ? Math.ceil(remaining / 1000) * 1000 : remaining;
      this.fill.style.transform = `scaleX(${progressOf(timer, step)})`;
    }
  }

  /** Speaks when the phase changes, not every second. */
  #announce({ timer, phase, digits }: Picture): void {
    const about = timer ? `${timer.id} ${phase}` : '';
    if (about === this.#announced) return;
    this.#announced = about;
    this.#said = timer ? t.announce(timer.title, t.phase[phase], digits) : '';
  }

  override render() {
    const { client, picture } = this;
    const room = client?.state ?? null;
    if (client?.end) return this.#plain(t.ended[client.end], '');
    if (!room) return this.#plain(picture.unconfirmed ? t.polling : t.connecting, '');
    const { timer, phase, digits } = picture;
    if (!timer) return this.#plain(room.name, t.waiting);
    const over = phase === 'over';
    return html`<div class="frame ${phase}">
      <div class="head">
        ${this.#part('room', html`<p class="room" dir="auto">${room.name}</p>`)}
        ${this.#part('title', html`<h1 dir="auto">${timer.title}</h1>`)}
      </div>
      <live-digits value=${digits}></live-digits>
      <div class="middle">
        ${this.#part('phase', html`<p class="phase"><span aria-hidden="true">${SIGNS[phase]}</span> ${t.phase[phase]}</p>`)}
        ${over ? this.#part('message', html`<p class="message" dir="auto">${timer.completionMessage || t.timeIsUp}</p>`) : nothing}
        ${this.#part('progress', html`<div class="bar"><div class="fill"></div></div>`)}
      </div>
      <div class="foot">
        ${this.#part('next', this.#next(timer))}
        ${this.#status()}
      </div>
      <p class="said" role="timer" aria-live="off" aria-label=${t.remaining}>${digits}</p>
      <p class="said" aria-live="polite">${this.#said}</p>
    </div>`;
  }

  #plain(first: string, second: string) {
    return html`<div class="frame idle">
      <div></div>
      <div class="center">
        <h1 dir="auto">${first}</h1>
        <p class="phase">${second}</p>
      </div>
      <div class="middle">${this.client?.state ? this.#part('next', this.#next(null)) : nothing}</div>
      <div class="foot">${this.#status()}</div>
    </div>`;
  }

  #next(current: Timer | null) {
    const after = this.client?.state?.timers.filter(
      (timer) => timer.id !== current?.id && timer.position > (current?.position ?? -1),
    );
    const next = after?.[0];
    if (!next) return current ? html`<p class="next">${t.nothingNext}</p>` : nothing;
    return html`<p class="next">
      ${t.next} <bdi>${next.title}</bdi> · ${formatDigits(next.duration)}
    </p>`;
  }

  #status() {
    const { client, picture } = this;
    const words = picture.unconfirmed ? t.unconfirmed(picture.unconfirmed) : '';
    const asking = !client?.end && client?.link === 'polling' && client.state && !words;
    return this.#part('status', html`<p class="status">${asking ? t.polling : client?.state ? words : ''}</p>`);
  }

  #part(name: Part, content: unknown) {
    return this.hide.has(name) ? nothing : content;
  }
}

function differs(a: Picture, b: Picture): boolean {
  return (
    a.timer !== b.timer ||
    a.digits !== b.digits ||
    a.phase !== b.phase ||
    a.unconfirmed !== b.unconfirmed
  );
}
