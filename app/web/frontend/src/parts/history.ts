import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import { language, t } from '../texts/index.js';
import { type Line, type Offer, plain } from './log.js';
import type { RoomLog } from './room-log.js';
import { controls } from './styles.js';
import { withTitles } from './titled.js';

const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });

/**
 * The dialog with what was done in the room, newest first. `undo` carries what is to be
 * taken back, `older` asks for earlier lines, `again` for those that could not be read.
 */
@customElement('live-history')
export class LiveHistory extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: contents; }
      dialog { width: min(44rem, calc(100vw - 1rem)); padding-inline: 0.8rem; }
      dialog[open] { display: flex; flex-direction: column; }
      .list { overflow-y: auto; min-height: 8rem; }
      ol { list-style: none; margin: 0; padding: 0; }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.8rem; align-items: center; min-height: 3.4rem; padding: 0.3rem 0.2rem; border-top: 1px solid #39425a; }
      time { font-variant-numeric: tabular-nums; }
      p { margin: 0; }
      .what { font-weight: 600; }
      .what::first-letter { text-transform: uppercase; }
      .what, .who { line-height: 1.3; }
      .who { font-size: 0.85rem; }
      .state { color: var(--dim); font-size: 0.85rem; text-align: end; max-width: 7rem; }
      .list > p, .list > button { margin-block: 0.6rem; }
    `,
  ];

  @property({ attribute: false }) lines: readonly Line[] = [];
  @property({ attribute: false }) reading: RoomLog['state'] = 'idle';
  @property({ type: Boolean }) older = false;
  /** What was undone just now: outside of a dialog nothing is read out. */
  @property({ attribute: false }) said = '';
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('.list') private list!: HTMLElement;

  open(): void {
    this.dialog.showModal();
    this.list.scrollTop = 0;
  }

  override render() {
    return html`<dialog aria-labelledby="title" @close=${this.#closed}>
      <h2 id="title">${t.log.title}</h2>
      <slot></slot>
      <div class="list" tabindex="0" role="region" aria-labelledby="title">
        <ol>${repeat(this.lines, ({ revision }) => revision, (line) => this.#line(line))}</ol>
        ${this.#end()}
      </div>
      <p class="said" aria-live="polite">${this.said}</p>
      <div class="row end"><button @click=${() => this.dialog.close()}>${t.operate.close}</button></div>
    </dialog>`;
  }

  #line({ revision, at, what, who, action, state }: Line) {
    return html`<li data-revision=${revision}>
      <div>
        <p class="what">${withTitles(what)}</p>
        <p class="who dim"><time datetime=${new Date(at).toISOString()}>${when(at)}</time> · ${who}</p>
      </div>
      ${action === null
        ? html`<span class="state">${state}</span>`
        : html`<button aria-label=${plain(t.log.of(action, what))} @click=${() => this.#undo(revision, action, what)}>${action}</button>`}
    </li>`;
  }

  #end() {
    if (this.reading === 'failed')
      return html`<p role="alert">${t.log.unread}</p><button @click=${this.#ask('again')}>${t.operate.retry}</button>`;
    if (this.reading === 'reading') return html`<p class="dim">${t.log.reading}</p>`;
    if (this.older) return html`<button id="older" @click=${this.#ask('older')}>${t.log.older}</button>`;
    return this.lines.length ? nothing : html`<p class="dim">${t.log.nothing}</p>`;
  }

  #ask(what: 'again' | 'older') {
    return () => {
      this.list.focus();
      this.dispatchEvent(new CustomEvent(what));
    };
  }

  #undo(revision: number, action: string, what: string): void {
    // The button goes when it is done; who came by the keyboard stays in the list.
    this.list.focus();
    const detail = { revision, what: t.log.of(action, what), who: '' };
    this.dispatchEvent(new CustomEvent<Offer>('undo', { detail }));
  }

  readonly #closed = (): void => {
    this.dispatchEvent(new CustomEvent('closed'));
  };
}

/** The time of day, with the day where it is another one. */
function when(at: number): string {
  const date = new Date(at);
  const clock = time.format(date);
  return date.toDateString() === new Date().toDateString() ? clock : `${day.format(date)}, ${clock}`;
}
