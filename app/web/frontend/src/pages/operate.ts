import { LitElement, css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import { LiveTimerClient } from '../client/client.js';
import { Commands } from '../client/commands.js';
import type { RoomState, Timer } from '../client/protocol.js';
import { DeskCommands } from '../parts/desk-commands.js';
import type { Action } from '../parts/row.js';
import '../parts/row.js';
import { operatorLink, viewerLink } from '../parts/share.js';
import '../parts/stage.js';
import * as storage from '../parts/storage.js';
import { controls } from '../parts/styles.js';
import type { LiveTimerForm, TimerFields } from '../parts/timer-form.js';
import '../parts/timer-form.js';
import { language, t } from '../texts/index.js';

const HIDDEN_IN_PREVIEW = new Set(['room', 'message']);

/** Who may command the room from this browser. */
function permission(shareToken: string): storage.KeptRoom | null {
  const token = storage.tokenFromAddress();
  const kept = storage.keptRoom(shareToken);
  // The owner's own permission reaches further than a link's.
  if (!token || (kept && storage.isOwner(kept.token))) return kept;
  const room = { shareToken, id: null, name: kept?.name ?? shareToken, token, keptAt: Date.now() };
  storage.keepRoom(room);
  return room;
}

/** The desk from which a room is commanded. */
@customElement('live-desk')
export class LiveDesk extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; max-width: 70rem; margin: 0 auto; padding: 1rem; }
      header { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }
      h1 { flex: 1 1 12rem; min-width: 0; margin: 0; font-size: 1.5rem; line-height: 1.25; max-height: 3.75em; overflow: hidden; }
      h2 { font-size: 1.1rem; margin: 0 0 0.6rem; }
      .columns { display: grid; gap: 1rem; margin-top: 1rem; }
      @media (min-width: 56rem) {
        .columns { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
        aside { position: sticky; top: 1rem; align-self: start; }
      }
      ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.6rem; }
      aside { display: grid; gap: 1rem; }
      aside live-stage { height: 14rem; border: 1px solid #39425a; border-radius: 12px; }
      .failure { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin-top: 0.6rem; padding: 0.6rem 0.8rem; border: 2px solid #ffb3b8; border-radius: 8px; background: #33171a; }
      .failure p { flex: 1 1 14rem; margin: 0; }
      .warning { color: #ffd24a; font-weight: 600; margin: 0.5rem 0 0; min-height: 1.4em; }
      dl { display: grid; grid-template-columns: auto 1fr; gap: 0.4rem 1rem; }
      dd { margin: 0; }
      kbd { padding: 0.1em 0.5em; border: 1px solid var(--line); border-radius: 4px; background: #0f131b; font: inherit; }
      live-link + live-link { margin-top: 1rem; }
      section > .main { margin-top: 0.8rem; width: 100%; }
    `,
  ];

  @state() private now = 0;
  @state() private selectedId: string | null = null;
  @state() private link = '';
  @state() private keys = storage.shortcutsAreOn();
  @state() private removing: Timer | null = null;
  @query('live-timer-form') private form!: LiveTimerForm;
  @query('#removal') private removal!: HTMLDialogElement;
  @query('#help') private help!: HTMLDialogElement;

  readonly #shareToken = decodeURIComponent(location.pathname.split('/')[2] ?? '');
  readonly #kept = permission(this.#shareToken);
  readonly #client = new LiveTimerClient({ shareToken: this.#shareToken });
  readonly #desk = new DeskCommands(this.#client, this.#authorised(), () => this.requestUpdate());
  #editing: Timer | null = null;
  #frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.lang = language;
    this.#client.onChange(() => this.#follow());
    addEventListener('keydown', this.#key);
    const draw = () => {
      // Ten times a second is enough for a list; the stage beside it draws each frame.
      const now = Math.floor(performance.now() / 100);
      if (now !== this.now) this.now = now;
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
    removeEventListener('keydown', this.#key);
  }

  #authorised(): Commands {
    const kept = this.#kept;
    const tokens = kept ? { access: kept.token, refresh: kept.refreshToken } : null;
    return new Commands(tokens, {
      onRefresh: (token) => kept && storage.keepRoom({ ...kept, token }),
    });
  }

  #follow(): void {
    const { state: room } = this.#client;
    if (room) document.title = `${room.name} · ${t.operate.title}`;
    if (room && this.#kept && this.#kept.name !== room.name) {
      this.#kept.name = room.name;
      storage.keepRoom(this.#kept);
    }
    this.requestUpdate();
  }

  override render() {
    const client = this.#client;
    const room = client.state;
    if (client.end) return html`<h1>${t.ended[client.end]}</h1>`;
    if (!room) return html`<h1>${client.unconfirmedSeconds() ? t.polling : t.connecting}</h1>`;
    if (!this.#kept) return this.#stranger(room);
    const stale = client.unconfirmedSeconds();
    return html`<header>
        <h1 dir="auto">${room.name}</h1>
        <span class="viewers">${client.viewers === null ? nothing : t.operate.viewers(client.viewers)}</span>
        <a class="button" href=${viewerLink(this.#shareToken)} target="_blank" rel="noopener">${t.operate.screens}</a>
        <button aria-label=${t.operate.help} title=${t.operate.help} @click=${() => this.help.showModal()}>?</button>
      </header>
      <p class="warning" role="status">${stale ? t.unconfirmed(stale) : client.link === 'polling' ? t.polling : this.#desk.busy ? t.operate.busy : ''}</p>
      <div role="alert">${this.#desk.failures.map((failure) => this.#failure(failure))}</div>
      <div class="columns">
        <section>
          <h2>${t.operate.order}</h2>
          ${this.#order(room)}
          <button class="main" id="add" @click=${() => this.#edit(null)}>+ ${t.operate.add}</button>
        </section>
        <aside>
          <live-stage .client=${client} .hide=${HIDDEN_IN_PREVIEW} role="region" aria-label=${t.operate.onScreens}></live-stage>
          ${this.#share()}
        </aside>
      </div>
      <live-timer-form @saved=${(event: CustomEvent<TimerFields>) => this.#saved(event.detail)}></live-timer-form>
      ${this.#dialogs()}`;
  }

  #stranger(room: RoomState) {
    return html`<h1 dir="auto">${room.name}</h1>
      <p class="problem" role="alert">${t.operate.noToken}</p>
      <p><a class="button" href=${viewerLink(this.#shareToken)}>${t.operate.screens}</a></p>`;
  }

  #order(room: RoomState) {
    if (!room.timers.length) return html`<p class="dim">${t.operate.empty}</p>`;
    const selected = this.#selected()?.id;
    const last = room.timers.length - 1;
    return html`<ul>
      ${repeat(room.timers, ({ id }) => id, (timer, place) => html`<li>
        <live-timer-row
          .timer=${timer}
          .remaining=${Math.ceil(this.#client.remaining(timer) / 1000) * 1000}
          ?current=${timer.id === room.currentTimerId}
          ?selected=${timer.id === selected}
          ?first=${place === 0}
          ?last=${place === last}
          @act=${(event: CustomEvent<Action>) => this.#act(timer, event.detail)}
          @focusin=${() => (this.selectedId = timer.id)}
        ></live-timer-row>
      </li>`)}
    </ul>`;
  }

  #share() {
    const owner = this.#kept !== null && storage.isOwner(this.#kept.token);
    return html`<section class="card">
      <h2>${t.operate.share}</h2>
      <live-link label=${t.share.viewer} href=${viewerLink(this.#shareToken)}></live-link>
      ${this.link ? html`<live-link label=${t.share.operator} note=${t.share.operatorNote} href=${this.link}></live-link>` : nothing}
      ${owner && !this.link ? html`<p><button @click=${this.#makeLink}>${t.share.make}</button></p>` : nothing}
    </section>`;
  }

  #failure(failure: DeskCommands['failures'][number]) {
    return html`<div class="failure">
      <p>${t.operate.failed(failure.what)} ${failure.why}</p>
      ${failure.retry ? html`<button @click=${failure.retry}>${t.operate.retry}</button>` : nothing}
      <button @click=${() => this.#desk.dismiss(failure)}>${t.operate.dismiss}</button>
    </div>`;
  }

  #dialogs() {
    const { keys } = t.operate;
    const listed: [string, string][] = [
      ['Space', keys.space],
      ['R', keys.reset],
      ['S', keys.show],
      ['N', keys.add],
      ['E', keys.edit],
      ['Del', keys.remove],
      ['↑ ↓', keys.select],
      ['?', keys.help],
    ];
    return html`<dialog id="removal" aria-labelledby="removal-title">
        <h2 id="removal-title" dir="auto">${t.operate.confirmRemove(this.removing?.title ?? '')}</h2>
        <p>${t.operate.cannotUndo}</p>
        <div class="row end">
          <button @click=${() => this.removal.close()}>${t.operate.cancel}</button>
          <button class="danger" @click=${this.#remove}>${t.operate.remove}</button>
        </div>
      </dialog>
      <dialog id="help" aria-labelledby="help-title">
        <h2 id="help-title">${t.operate.help}</h2>
        <dl>${listed.map(([key, does]) => html`<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)}</dl>
        <label><input type="checkbox" .checked=${this.keys} @change=${this.#switchKeys}> ${t.operate.useKeys}</label>
        <div class="row end"><button @click=${() => this.help.close()}>${t.operate.close}</button></div>
      </dialog>`;
  }

  #selected(): Timer | undefined {
    const room = this.#client.state;
    const find = (id: string | null) => room?.timers.find((timer) => timer.id === id);
    return find(this.selectedId) ?? find(room?.currentTimerId ?? null) ?? room?.timers[0];
  }

  #act(timer: Timer, action: Action): void {
    const desk = this.#desk;
    this.selectedId = timer.id;
    switch (action) {
      case 'start': return desk.start(timer);
      case 'pause': return desk.pause(timer);
      case 'reset': return desk.reset(timer);
      case 'show': return desk.show(timer);
      case 'up': return desk.move(timer, -1);
      case 'down': return desk.move(timer, 1);
      case 'edit': return this.#edit(timer);
      case 'remove': return this.#ask(timer);
    }
  }

  #edit(timer: Timer | null): void {
    this.#editing = timer;
    void this.form.open(timer);
  }

  #saved(fields: TimerFields): void {
    if (this.#editing) this.#desk.edit(this.#editing, fields);
    else this.#desk.add(fields);
  }

  #ask(timer: Timer): void {
    this.removing = timer;
    this.removal.showModal();
  }

  readonly #remove = (): void => {
    this.removal.close();
    if (this.removing) this.#desk.remove(this.removing);
  };

  readonly #makeLink = async (): Promise<void> => {
    const token = await this.#desk.operatorToken();
    if (token) this.link = operatorLink(this.#shareToken, token);
  };

  readonly #switchKeys = (event: Event): void => {
    this.keys = (event.target as HTMLInputElement).checked;
    storage.switchShortcuts(this.keys);
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !this.#kept) return;
    const aimed = event.composedPath()[0];
    if (aimed instanceof HTMLInputElement || aimed instanceof HTMLTextAreaElement) return;
    if (this.form?.isOpen || this.removal?.open || this.help?.open) return;
    if (event.key === '?') return this.help.showModal();
    // A button that has the focus takes the space bar itself.
    const pressing = aimed instanceof HTMLButtonElement || aimed instanceof HTMLAnchorElement;
    if (!this.keys || (pressing && event.key === ' ')) return;
    if (this.#command(event.key)) event.preventDefault();
  };

  #command(key: string): boolean {
    if (key.toLowerCase() === 'n') {
      this.#edit(null);
      return true;
    }
    const timer = this.#selected();
    if (!timer) return false;
    switch (key.toLowerCase()) {
      case ' ':
        if (timer.status === 'running') this.#desk.pause(timer);
        // What has run out is reset first, so that no key restarts a talk.
        else if (timer.status !== 'finished') this.#desk.start(timer);
        return true;
      case 'r': this.#act(timer, 'reset'); return true;
      case 's': this.#act(timer, 'show'); return true;
      case 'e': this.#act(timer, 'edit'); return true;
      case 'delete': this.#act(timer, 'remove'); return true;
      case 'arrowdown': return this.#select(timer, 1);
      case 'arrowup': return this.#select(timer, -1);
      default: return false;
    }
  }

  #select(timer: Timer, by: number): boolean {
    const timers = this.#client.state?.timers ?? [];
    const other = timers[timers.indexOf(timer) + by];
    if (other) this.selectedId = other.id;
    return other !== undefined;
  }
}

document.documentElement.lang = language;
document.querySelector('main')?.replaceChildren(new LiveDesk());
