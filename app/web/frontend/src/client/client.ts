import { io, type Socket } from 'socket.io-client';

import { Backoff } from './backoff.js';
import { ServerClock } from './clock.js';
import { remainingAt } from './countdown.js';
import { Polling } from './polling.js';
import { EVENT_NAMES, type EventName, type Events, type RoomState, type Timer } from './protocol.js';
import { Screen } from './screen.js';

const GAP_MS = 500;
const SYNC_AGAIN_MS = 2_000;
const PINGS_AT_START = 5;
const BEAT_MS = 1_000;
const PING_EVERY_BEATS = 10;
const IMPATIENT_MS = 1_500;
const ACK_MS = 5_000;
// For so long after a join, word of an older link's end may still be on its way.
const FRESH_MS = 10_000;
// Two missed answers to pings: what Engine.IO itself notices after 45 s.
const MISSED_PINGS = 2;
// A quiet connection says something at every ping; one that is gone should be polling.
const STALE_CONNECTED_MS = PING_EVERY_BEATS * BEAT_MS + 2_000;
const STALE_AWAY_MS = 4_000;

/** How the client stands with the server. */
export type Link = 'connecting' | 'live' | 'polling' | 'ended';

/** Why there is nothing more to show. */
export type End = 'not-found' | 'share-token-revoked' | 'room-deleted' | 'closed';

export interface Options {
  /** The server's origin; the page's own by default. */
  url?: string;
  shareToken: string;
  clock?: ServerClock;
}

interface Refusal {
  code: string;
  message: string;
}

type Joined = { ok: true; roomId: string; revision: number } | { ok: false; error: Refusal };

/** Watches one room, and keeps on trying until it is closed or the room has ended. */
export class LiveTimerClient {
  readonly clock: ServerClock;
  readonly #screen = new Screen();
  readonly #socket: Socket;
  readonly #polling: Polling;
  readonly #shareToken: string;
  readonly #listeners = new Set<() => void>();
  readonly #away = new Backoff(1_000, 10_000);
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #gap: ReturnType<typeof setTimeout> | null = null;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #beats = 0;
  #link: Link = 'connecting';
  #end: End | null = null;
  #state: RoomState | null = null;
  #heardAt: number;
  #missed = 0;
  #joinedAt = -Infinity;
  /** What it means when no room has the share token. */
  #gone: End = 'not-found';

  constructor({ url = '', shareToken, clock = new ServerClock() }: Options) {
    this.clock = clock;
    this.#shareToken = shareToken;
    this.#heardAt = performance.now();
    this.#polling = new Polling(
      `${url}/api/rooms/${encodeURIComponent(shareToken)}`,
      clock,
      {
        held: () => this.#screen.revision,
        state: (state, seen) => this.#polled(state, seen),
        unchanged: () => this.#hear(),
        notFound: () => this.#finish(this.#gone),
      },
      (...request) => fetch(...request),
    );
    this.#socket = io(url || location.origin, {
      // One request instead of five; where WebSockets are blocked, long-polling.
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      randomizationFactor: 0.5,
      timeout: 8_000,
      forceNew: true,
    });
    this.#listen();
    // A socket that hangs while it opens says nothing for long: HTTP is asked meanwhile.
    this.#later(IMPATIENT_MS, () => this.#link === 'connecting' && this.#leave());
    this.#heartbeat = setInterval(() => this.#beat(), BEAT_MS);
    addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
  }

  /** The room as it is, null before the first word of it. */
  get state(): RoomState | null {
    return this.#state;
  }

  /** What the screens show. */
  get currentTimer(): Timer | null {
    const id = this.#state?.currentTimerId;
    return this.#state?.timers.find((timer) => timer.id === id) ?? null;
  }

  /** How many watch the room over all, null before the first count. */
  get viewers(): number | null {
    return this.#screen.viewers;
  }

  get link(): Link {
    return this.#link;
  }

  /** Why it has ended, where it has. */
  get end(): End | null {
    return this.#end;
  }

  /** How much of `timer` is left now, by the server's clock; negative is overtime. */
  remaining(timer: Timer): number {
    return remainingAt(timer, this.clock.now());
  }

  /** For how many milliseconds nothing was heard from the server. */
  silence(): number {
    return performance.now() - this.#heardAt;
  }

  /** For how many whole seconds what is shown is unconfirmed; 0 while it is confirmed. */
  unconfirmedSeconds(): number {
    const patience = this.#link === 'live' ? STALE_CONNECTED_MS : STALE_AWAY_MS;
    const silence = this.silence();
    return silence < patience ? 0 : Math.floor(silence / 1000);
  }

  /** Calls `listener` after each change of anything but the time; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes in an event, also one that a command's answer stands for. */
  apply<Name extends EventName>(name: Name, payload: Events[Name]): void {
    if (this.#end !== null) return;
    this.#hear();
    if (this.#screen.apply(name, payload)) this.#state = this.#screen.state;
    if (this.#screen.deleted) return this.#finish('room-deleted');
    this.#mindGap();
    this.#tell();
  }

  /** Asks for the state, whatever is known here. */
  sync(): void {
    if (this.#socket.connected) this.#requestSync();
    else this.#polling.start();
  }

  close(): void {
    this.#finish('closed');
  }

  #listen(): void {
    const socket = this.#socket;
    for (const name of EVENT_NAMES)
      socket.on(name, (payload: Events[typeof name]) => this.apply(name, payload));
    socket.on('connect', () => void this.#join());
    socket.on('disconnect', (reason) => {
      this.#leave();
      // socket.io-client comes back from all but this one by itself.
      if (reason === 'io server disconnect') this.#later(this.#away.next(), () => socket.connect());
    });
    socket.on('connect_error', () => {
      this.#leave();
      // The server refused the connection, which socket.io-client takes for final.
      if (!socket.active) this.#later(this.#away.next(), () => socket.connect());
    });
    socket.on('error', ({ code }: Refusal) => {
      if (code === 'share-token-revoked') this.#revoked();
    });
  }

  /** A link that was just opened may be the new one, and the news that of the old one's end. */
  #revoked(): void {
    this.#gone = 'share-token-revoked';
    if (performance.now() - this.#joinedAt < FRESH_MS) void this.#join();
    else this.#finish(this.#gone);
  }

  /**
   * What the server answers is what its database holds, also where that went back; but
   * what came by the socket meanwhile may be newer.
   */
  #polled(state: RoomState, seen: number): void {
    const alone = this.#screen.revision === seen;
    this.apply('room-state', alone ? { ...state, restored: true } : state);
  }

  async #join(): Promise<void> {
    this.#screen.begin();
    const joined = await this.#ask<Joined>('join-room', { shareToken: this.#shareToken });
    if (this.#end !== null) return;
    if (joined?.ok) {
      this.#away.reset();
      this.#missed = 0;
      this.#joinedAt = performance.now();
      this.#gone = 'not-found';
      this.#polling.stop();
      this.#become('live');
      void this.#measure(PINGS_AT_START);
    } else if (joined?.error.code === 'not-found') {
      this.#finish(this.#gone);
    } else if (this.#socket.connected) {
      this.#polling.start();
      this.#later(this.#away.next(), () => this.#socket.connected && void this.#join());
    }
  }

  #leave(): void {
    if (this.#end !== null) return;
    this.#polling.start();
    this.#become('polling');
  }

  #finish(end: End): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#polling.stop();
    this.#socket.disconnect();
    clearInterval(this.#heartbeat);
    if (this.#gap !== null) clearTimeout(this.#gap);
    for (const timer of this.#timers) clearTimeout(timer);
    removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#become('ended');
  }

  #become(link: Link): void {
    this.#link = link;
    this.#tell();
  }

  #hear(): void {
    this.#heardAt = performance.now();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  // Gaps

  #mindGap(): void {
    if (!this.#screen.hasGap && this.#gap !== null) {
      clearTimeout(this.#gap);
      this.#gap = null;
    }
    if (this.#screen.hasGap && this.#gap === null) this.#waitForGap(GAP_MS);
  }

  #waitForGap(wait: number): void {
    this.#gap = setTimeout(() => {
      this.#gap = null;
      if (!this.#screen.hasGap || !this.#socket.connected) return;
      this.#requestSync();
      this.#waitForGap(SYNC_AGAIN_MS);
    }, wait);
  }

  #requestSync(): void {
    const { whole } = this.#screen;
    void this.#ask('request-sync', whole > 0 ? { revision: whole } : {});
  }

  // The clock, and whether anybody is there

  async #measure(times: number): Promise<void> {
    for (let time = 0; time < times && this.#socket.connected; time += 1) await this.#ping();
    this.#tell();
  }

  async #ping(): Promise<boolean> {
    const sentAt = this.clock.wall();
    const answer = await this.#ask<{ serverTime: number }>('ping', {});
    if (answer === null) return false;
    this.clock.add(sentAt, this.clock.wall(), answer.serverTime);
    this.#missed = 0;
    return true;
  }

  #beat(): void {
    this.#beats += 1;
    const jumped = this.clock.jumped();
    if (!this.#socket.connected) return;
    if (jumped) void this.#measure(PINGS_AT_START);
    else if (this.#beats % PING_EVERY_BEATS === 0) void this.#probe();
  }

  async #probe(): Promise<void> {
    const answered = await this.#ping();
    if (this.#end !== null || !this.#socket.connected) return;
    if (answered) return this.#polling.stop();
    this.#missed += 1;
    // It may be the connection, it may be the server: HTTP tells.
    this.#polling.start();
    if (this.#missed >= MISSED_PINGS) this.#reconnect();
  }

  #reconnect(): void {
    this.#missed = 0;
    this.#socket.io.engine.close();
  }

  readonly #wake = (event: Event): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.#socket.connected)
      void this.#measure(this.clock.jumped() ? PINGS_AT_START : 1);
    // Now, rather than when the back-off says so.
    else if (event.type === 'online') this.#socket.disconnect().connect();
  };

  /** The acknowledgement, null where none came in time. */
  async #ask<Answer>(event: string, payload: object): Promise<Answer | null> {
    try {
      const answer = (await this.#socket.timeout(ACK_MS).emitWithAck(event, payload)) as Answer;
      this.#hear();
      return answer;
    } catch {
      return null;
    }
  }

  #later(wait: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#end === null) then();
    }, wait);
    this.#timers.add(timer);
  }
}
