import { Backoff } from './backoff.js';
import type { ServerClock } from './clock.js';
import type { RoomState } from './protocol.js';

const INTERVAL_MS = 2_000;
// A server that is back is heard of within five seconds.
const MOST_MS = 5_000;
const TIMEOUT_MS = 5_000;

export interface Heard {
  /** The newest revision that is held; an answer may be of one that is not. */
  held(): number;
  /** The state as the server has it; `seen` is what was held when it was asked for. */
  state(state: RoomState, seen: number): void;
  /** The server answered that nothing has changed. */
  unchanged(): void;
  /** No room has this share token. */
  notFound(): void;
}

/** Asks for the room's state over HTTP, again and again, while it is wanted. */
export class Polling {
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The tag of the newest answer, and the revision that it stands for. */
  #tag: { etag: string; revision: number } | null = null;
  #wanted = false;
  #round = 0;
  #backoff = new Backoff(INTERVAL_MS, MOST_MS);

  constructor(
    private readonly address: string,
    private readonly clock: ServerClock,
    private readonly heard: Heard,
    private readonly get: typeof fetch,
  ) {}

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#backoff.reset();
    // What came by the socket since has no tag.
    this.#tag = null;
    void this.#poll(++this.#round);
  }

  stop(): void {
    this.#wanted = false;
    this.#round += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #poll(round: number): Promise<void> {
    try {
      await this.#ask(round);
    } catch {
      // No network, or a proxy's page: the next try is on its way.
    }
    if (!this.#wanted || round !== this.#round) return;
    this.#timer = setTimeout(() => void this.#poll(round), this.#backoff.next());
  }

  async #ask(round: number): Promise<void> {
    const seen = this.heard.held();
    const tag = this.#tag?.revision === seen ? this.#tag.etag : null;
    const sentAt = this.clock.wall();
    const response = await this.get(this.address, {
      headers: tag === null ? {} : { 'If-None-Match': tag },
      // What the browser has kept would hide whether the server answered.
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const receivedAt = this.clock.wall();
    if (round !== this.#round) return;
    if (response.status === 404) return this.heard.notFound();
    if (response.status !== 304 && !response.ok) return;
    const serverTime = Number(response.headers.get('Server-Time'));
    if (serverTime > 0) this.clock.add(sentAt, receivedAt, serverTime);
    this.#backoff.reset();
    if (response.status === 304) return this.heard.unchanged();
    const state = (await response.json()) as RoomState;
    if (round !== this.#round) return;
    const etag = response.headers.get('ETag');
    this.#tag = etag === null ? null : { etag, revision: state.revision };
    this.heard.state(state, seen);
  }
}
