import { LitElement, css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';

import { LiveTimerClient } from '../client/client.js';
import { Commands } from '../client/commands.js';
import type { RoomState, Timer } from '../client/protocol.js';
import type { LiveConfirm } from '../parts/confirm.js';
import '../parts/confirm.js';
import { DeskCommands, type Failure } from '../parts/desk-commands.js';
import '../parts/failures.js';
import type { LiveHistory } from '../parts/history.js';
import '../parts/history.js';
import { deskLink, operatorLink, viewerLink } from '../parts/link.js';
import { announced, type Known, linesOf, type Offer, offered, plain } from '../parts/log.js';
import { RoomLog } from '../parts/room-log.js';
import type { Action } from '../parts/row.js';
import '../parts/row.js';
import type { Wish } from '../parts/share.js';
import '../parts/share.js';
import type { LiveShortcuts } from '../parts/shortcuts.js';
import '../parts/shortcuts.js';
import '../parts/stage.js';
import { choose, mayCommand } from '../parts/permission.js';
import * as storage from '../parts/storage.js';
import { controls } from '../parts/styles.js';
import type { LiveTimerForm, TimerFields } from '../parts/timer-form.js';
import '../parts/timer-form.js';
import '../parts/undo.js';
import { language, t } from '../texts/index.js';

const ASK_AGAIN_MS = 2_000;
const HIDDEN_IN_PREVIEW = new Set(['room', 'message']);

/** The desk from which a room is commanded. */
@customElement('live-desk')
export class LiveDesk extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; max-width: 70rem; margin: 0 auto; padding: 1rem; }
      header { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; }
      header > div { flex: 1 1 16rem; min-width: 0; }
      h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; max-height: 3.75em; overflow: hidden; }
      h2 { font-size: 1.1rem; margin: 0; }
      /* Always there, also while the list is scrolled: nothing moves when there is something to undo. */
      .bar { position: sticky; top: 0; z-index: 1; display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.6rem; align-items: center; margin-bottom: 0.3rem; background: var(--ground); }
      .bar h2, live-undo { grid-area: 1 / 1; }
      live-undo { margin-inline-start: 10rem; }
      /* Where it is narrow, the button stands before the heading. */
      @media (max-width: 40rem) { live-undo { margin: 0; } }
      .columns { display: grid; gap: 1rem; margin-top: 1.2rem; }
      @media (min-width: 56rem) {
        .columns { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
        aside { position: sticky; top: 1rem; align-self: start; }
      }
      ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.6rem; }
      aside { display: grid; gap: 1rem; }
      aside live-stage { height: 14rem; border: 1px solid #39425a; border-radius: 12px; }
      .standing { margin: 0.2rem 0 0; color: var(--dim); }
      .live { color: #9be3b0; }
      .warning { color: #ffd24a; font-weight: 600; }
      /* What is quick needs no word. */
      .busy { animation: appear 0s 0.4s both; }
      @keyframes appear { from { visibility: hidden; } to { visibility: visible; } }
      section > .main { margin-top: 0.8rem; width: 100%; }
    `,
  ];

  @state() private now = 0;
  @state() private selectedId: string | null = null;
  /** The operators' link that was made here. */
  @state() private link = '';
  @state() private done = '';
  @state() private searching = false;
  @state() private historyIsOpen = false;
  @query('live-timer-form') private form!: LiveTimerForm;
  @query('live-confirm') private confirm!: LiveConfirm;
  @query('live-shortcuts') private shortcuts!: LiveShortcuts;
  @query('live-history') private history!: LiveHistory;

  #shareToken = decodeURIComponent(location.pathname.split('/')[2] ?? '');
  /** What the desk commands with. */
  #kept = storage.keptRoom(this.#shareToken);
  /** What the link brought, until the server has said whether it accepts it. */
  #offered = storage.offeredRoom(this.#shareToken);
  #choosing = false;
  #refused = false;
  #client = new LiveTimerClient({ shareToken: this.#shareToken });
  #stop = this.#client.onChange(() => this.#follow());
  readonly #desk = new DeskCommands(this.#client, this.#commandsOf(this.#kept), () => this.requestUpdate());
  readonly #log = new RoomLog({
    read: (query) => this.#desk.revisions(query),
    changed: () => this.requestUpdate(),
    wanted: () => this.#kept !== null && !this.#client.end && document.visibilityState === 'visible',
  });
  #editing: Timer | null = null;
  #frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.lang = language;
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

  get #owner(): boolean {
    return this.#kept !== null && storage.isOwner(this.#kept.token);
  }

  #commandsOf(room: storage.KeptRoom | null): Commands {
    const tokens = room ? { access: room.token, refresh: room.refreshToken } : null;
    // A link brings no refresh token: only what is kept is ever refreshed.
    return new Commands(tokens, { onRefresh: (token) => this.#keep({ token }) });
  }

  /** Takes what the link brought if it is the better one, as soon as the server can be asked. */
  async #choose({ id, name }: RoomState): Promise<void> {
    const offered = this.#offered;
    if (!offered || this.#choosing) return;
    this.#choosing = true;
    const chosen = await choose(this.#kept, offered, (room) => mayCommand(this.#commandsOf(room), id));
    this.#choosing = false;
    // The server does not say: the link has time.
    if (chosen === undefined) return void setTimeout(() => this.#follow(), ASK_AGAIN_MS);
    this.#offered = null;
    this.#refused = chosen === null;
    if (chosen === offered) {
      this.#kept = offered;
      this.#desk.commands = this.#commandsOf(offered);
      this.#keep({ id, name });
    }
    this.requestUpdate();
  }

  #keep(news: Partial<storage.KeptRoom>): void {
    if (this.#kept) storage.keepRoom(Object.assign(this.#kept, news));
  }

  #follow(): void {
    const { state: room, end } = this.#client;
    if (room) document.title = `${room.name} · ${t.operate.title}`;
    if (room) void this.#choose(room);
    if (room && this.#kept && (this.#kept.name !== room.name || this.#kept.id !== room.id))
      this.#keep({ name: room.name, id: room.id });
    if (room && !end) this.#log.notice(room.revision);
    if (end === 'room-deleted') storage.forgetRoom(this.#shareToken);
    if (end === 'share-token-revoked' || end === 'not-found') void this.#search();
    this.requestUpdate();
  }

  /** The room's link was replaced, here or elsewhere: its owner may know the new one. */
  async #search(): Promise<void> {
    const id = this.#kept?.id;
    if (!id || !this.#owner || this.searching) return;
    this.searching = true;
    const room = await this.#desk.find(id);
    this.searching = false;
    if (room) this.#moveTo(room.shareToken);
  }

  #moveTo(shareToken: string): void {
    if (shareToken === this.#shareToken) return;
    storage.forgetRoom(this.#shareToken);
    this.#keep({ shareToken });
    this.#shareToken = shareToken;
    history.replaceState(null, '', deskLink(shareToken) + location.search);
    this.#stop();
    this.#client.close();
    this.#client = new LiveTimerClient({ shareToken });
    this.#stop = this.#client.onChange(() => this.#follow());
    this.#desk.client = this.#client;
    // It led to the old address.
    this.link = '';
    this.done = t.share.replaced;
  }

  override render() {
    const client = this.#client;
    const room = client.state;
    if (client.end && !this.searching) return this.#over(t.ended[client.end]);
    if (!room || client.end) return html`<h1>${client.unconfirmedSeconds() ? t.polling : t.connecting}</h1>`;
    if (!this.#kept) return this.#offered ? html`<h1>${t.connecting}</h1>` : this.#stranger(room);
    const known = this.#known(room, this.#kept);
    const now = client.clock.now();
    const said = announced(known, now);
    return html`<header>
        <div>
          <h1 dir="auto">${room.name}</h1>
          ${this.#standing()}
        </div>
        <a class="button" href=${viewerLink(this.#shareToken)} target="_blank" rel="noopener">${t.operate.screens}</a>
        <button aria-label=${t.operate.help} title=${t.operate.help} @click=${() => this.shortcuts.open()}>?</button>
      </header>
      ${this.historyIsOpen ? nothing : this.#failures()}
      <div class="columns">
        <section>
          <div class="bar">
            <h2>${t.operate.order}</h2>
            <live-undo
              .offer=${offered(known, now)}
              .said=${said}
              @undo=${(event: CustomEvent<Offer>) => this.#undo(event.detail.revision, event.detail.what)}
            ></live-undo>
            <button id="history" @click=${this.#openHistory}>${t.log.title}</button>
          </div>
          ${this.#order(room)}
          <button class="main" id="add" @click=${() => this.#edit(null)}>+ ${t.operate.add}</button>
        </section>
        <aside>
          <live-stage .client=${client} .hide=${HIDDEN_IN_PREVIEW} role="region" aria-label=${t.operate.onScreens}></live-stage>
          <live-share
            .shareToken=${this.#shareToken}
            .operators=${this.link}
            .done=${this.done}
            ?owner=${this.#owner}
            @wish=${(event: CustomEvent<Wish>) => void this.#wish(event.detail, room)}
          ></live-share>
        </aside>
      </div>
      <live-timer-form @saved=${(event: CustomEvent<TimerFields>) => this.#saved(event.detail)}></live-timer-form>
      <live-confirm></live-confirm>
      <live-history
        .lines=${guard([this.#log.rows, room], () => linesOf(known))}
        .reading=${this.#log.state}
        .said=${said}
        ?older=${this.#log.older}
        @undo=${(event: CustomEvent<Offer>) => this.#undo(event.detail.revision, event.detail.what)}
        @older=${() => void this.#log.readOlder()}
        @again=${() => void this.#log.open()}
        @closed=${() => (this.historyIsOpen = false)}
      >${this.historyIsOpen ? this.#failures() : nothing}</live-history>
      <live-shortcuts></live-shortcuts>`;
  }

  /** How the desk stands with the server: one line, always there, so that nothing moves. */
  #standing() {
    const client = this.#client;
    const stale = client.unconfirmedSeconds();
    const lost = stale ? t.unconfirmed(stale) : client.link === 'polling' ? t.polling : '';
    return html`<p class="standing">
      <span role="status" class=${lost ? 'warning' : 'live'}>${lost ? `▲ ${lost}` : `● ${t.operate.live}`}</span>
      ${client.viewers === null ? nothing : html`· <span class="viewers">${t.operate.viewers(client.viewers)}</span>`}
      ${this.#desk.busy ? html`<span class="busy">· ${t.operate.busy}</span>` : nothing}
    </p>`;
  }

  #over(words: string) {
    return html`<h1>${words}</h1>
      ${this.#failures()}
      <p><a class="button" href="/">${t.operate.home}</a></p>`;
  }

  #stranger(room: RoomState) {
    return html`<h1 dir="auto">${room.name}</h1>
      <p class="problem" role="alert">${this.#refused ? t.operate.failure['unauthenticated'] : t.operate.noToken}</p>
      <p><a class="button" href=${viewerLink(this.#shareToken)}>${t.operate.screens}</a></p>`;
  }

  #order(room: RoomState) {
    if (!room.timers.length) return html`<p class="dim">${t.operate.empty}</p>`;
    const selected = this.#selected()?.id;
    const last = room.timers.length - 1;
    return html`<ul>
      ${repeat(room.timers, ({ id }) => id, (timer, place) => html`<li data-timer=${timer.id} aria-current=${timer.id === selected}>
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

  #failures() {
    return html`<live-failures
      .failures=${this.#desk.failures}
      @dismiss=${(event: CustomEvent<Failure>) => this.#desk.dismiss(event.detail)}
    ></live-failures>`;
  }

  #known(room: RoomState, kept: storage.KeptRoom): Known {
    return { rows: this.#log.rows, timers: room.timers, me: storage.actorOf(kept.token), words: t.log };
  }

  readonly #openHistory = (): void => {
    this.historyIsOpen = true;
    this.history.open();
    void this.#log.open();
  };

  #undo(revision: number, what: string): void {
    this.#desk.undo(revision, plain(what));
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
      case 'remove': return void this.#remove(timer);
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

  async #remove(timer: Timer): Promise<void> {
    const title = t.operate.confirmRemove(timer.title);
    if (await this.confirm.ask({ title, text: t.operate.removeText, action: t.operate.remove }))
      this.#desk.remove(timer);
  }

  async #wish(wish: Wish, room: RoomState): Promise<void> {
    const { share, operate } = t;
    this.done = '';
    switch (wish) {
      case 'make-link':
        return this.#desk.makeToken((token) => (this.link = operatorLink(this.#shareToken, token)));
      case 'end-links':
        if (!(await this.confirm.ask({ title: share.confirmEnd, text: share.endText, action: share.end }))) return;
        return this.#desk.endTokens(() => {
          this.link = '';
          this.done = share.ended;
        });
      case 'replace':
        if (await this.confirm.ask({ title: share.confirmReplace, text: share.replaceText, action: share.replace }))
          this.#desk.replaceLink(({ shareToken }) => this.#moveTo(shareToken));
        return;
      case 'delete-room': {
        const title = operate.confirmRemoveRoom(room.name);
        if (await this.confirm.ask({ title, text: operate.removeRoomText, action: operate.removeRoom }))
          this.#desk.removeRoom();
      }
    }
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.repeat || event.altKey || !this.#kept) return;
    const [target] = event.composedPath();
    // A field of a dialog that was just closed has the focus until the next frame.
    const aimed = target instanceof HTMLElement && target.checkVisibility() ? target : null;
    if (aimed instanceof HTMLInputElement || aimed instanceof HTMLTextAreaElement) return;
    if (this.form?.isOpen || this.confirm?.isOpen || this.shortcuts?.isOpen) return;
    if (event.ctrlKey || event.metaKey) return this.#undoByKey(event);
    if (this.historyIsOpen) return;
    if (event.key === '?') return this.shortcuts?.open();
    // A button that has the focus takes the space bar itself.
    const pressing = aimed instanceof HTMLButtonElement || aimed instanceof HTMLAnchorElement;
    if (!this.shortcuts?.areOn || (pressing && event.key === ' ')) return;
    if (this.#command(event.key)) event.preventDefault();
  };

  #undoByKey(event: KeyboardEvent): void {
    const alone = event.ctrlKey !== event.metaKey && !event.shiftKey;
    if (!alone || event.key.toLowerCase() !== 'z' || !this.shortcuts?.areOn || this.#client.end) return;
    event.preventDefault();
    this.#desk.undoLatest();
  }

  #command(key: string): boolean {
    if (key.toLowerCase() === 'n') {
      this.#edit(null);
      return true;
    }
    const timer = this.#selected();
    if (!timer) return false;
    switch (key.toLowerCase()) {
      case ' ':
        // What has run out is reset first, so that no key restarts a talk.
        if (timer.status !== 'finished') this.#desk.toggle(timer);
        return true;
      case 'r': this.#act(timer, 'reset'); return true;
      case 's': this.#act(timer, 'show'); return true;
      case 'e': this.#act(timer, 'edit'); return true;
      case 'delete':
      case 'backspace': this.#act(timer, 'remove'); return true;
      case 'arrowdown': return this.#select(timer, 1);
      case 'arrowup': return this.#select(timer, -1);
      default: return false;
    }
  }

  #select(timer: Timer, by: number): boolean {
    const timers = this.#client.state?.timers ?? [];
    const other = timers[timers.indexOf(timer) + by];
    if (other) {
      this.selectedId = other.id;
      this.renderRoot.querySelector(`[data-timer="${other.id}"]`)?.scrollIntoView({ block: 'nearest' });
    }
    return other !== undefined;
  }
}

document.documentElement.lang = language;
document.querySelector('main')?.replaceChildren(new LiveDesk());
