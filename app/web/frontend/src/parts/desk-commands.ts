import type { LiveTimerClient } from '../client/client.js';
import { type Command, CommandFailed, Commands, newKey } from '../client/commands.js';
import type { ChangedRoom, Room, RevisionPage, Timer } from '../client/protocol.js';
import { t } from '../texts/index.js';
import { inTheWay } from './log.js';
import type { TimerFields } from './timer-form.js';

/** A command that failed, in words, and how to send the very same one again. */
export interface Failure {
  what: string;
  why: string;
  retry: (() => void) | null;
}

// A second tap of the same finger; what a person wants twice takes longer.
const DOUBLE_TAP_MS = 700;
const SYNC_MS = 1_500;
const PAGE_SIZE = 100;

interface Rooms {
  rooms: Room[];
  total: number;
}

/** What an operator may do, and what became of it. */
export class DeskCommands {
  failures: Failure[] = [];
  busy = 0;
  readonly #taps = new Map<string, number>();

  constructor(
    public client: LiveTimerClient,
    public commands: Commands,
    private readonly changed: () => void,
  ) {}

  start(timer: Timer): void {
    this.#tap(`${timer.id} start`, () => this.#start(timer));
  }

  pause(timer: Timer): void {
    this.#tap(`${timer.id} pause`, () => this.#timer(timer, 'pause', t.operate.pause));
  }

  /** Starts or pauses it, by one key: what that key did last is not undone by its bounce. */
  toggle(timer: Timer): void {
    this.#tap(`${timer.id} toggle`, () => (timer.status === 'running' ? this.pause(timer) : this.start(timer)));
  }

  reset(timer: Timer): void {
    this.#tap(`${timer.id} reset`, () => this.#timer(timer, 'reset', t.operate.reset));
  }

  show(timer: Timer | null): void {
    const what = t.operate.show;
    const body = { currentTimerId: timer?.id ?? null };
    void this.#send<ChangedRoom>(what, { method: 'PUT', path: this.#room(), body }, (room) =>
      this.client.apply('room-update', room),
    );
  }

  add(fields: TimerFields): void {
    const what = t.operate.of(t.operate.add, fields.title);
    const path = `${this.#room()}/timers`;
    void this.#send<Timer>(what, { method: 'POST', path, body: fields }, (timer) =>
      this.client.apply('timer-created', timer),
    );
  }

  edit(timer: Timer, fields: TimerFields): void {
    const { duration, ...rest } = fields;
    // An unchanged length is left out: it is refused while the timer runs.
    const body = duration === timer.duration || duration === undefined ? rest : fields;
    const what = t.operate.of(t.operate.edit, timer.title);
    void this.#send<Timer>(what, { method: 'PUT', path: `/api/timers/${timer.id}`, body }, this.#take);
  }

  remove(timer: Timer): void {
    const what = t.operate.of(t.operate.remove, timer.title);
    void this.#send(what, { method: 'DELETE', path: `/api/timers/${timer.id}` }, () => this.client.sync());
  }

  move(timer: Timer, by: number): void {
    const ids = this.client.state?.timers.map(({ id }) => id) ?? [];
    const from = ids.indexOf(timer.id);
    const to = from + by;
    if (from < 0 || to < 0 || to >= ids.length) return;
    ids.splice(to, 0, ...ids.splice(from, 1));
    const path = `${this.#room()}/timers/reorder`;
    const what = t.operate.of(by < 0 ? t.operate.up : t.operate.down, timer.title);
    void this.#send(what, { method: 'POST', path, body: { timerIds: ids } }, () => this.client.sync());
  }

  /** Takes back one revision, whoever made it. */
  undo(revision: number, what: string): void {
    this.#tap(`undo ${revision}`, () => this.#undo({ revision }, what));
  }

  /** Takes back the latest command that was sent with this permission. */
  undoLatest(): void {
    void this.#undo({}, t.log.latest);
  }

  /** A page of the room's log. It is asked for once: whoever reads it asks again in time. */
  revisions(query: string): Promise<RevisionPage> {
    const path = `${this.#room()}/revisions?${query}`;
    return this.commands.send<RevisionPage>({ method: 'GET', path, tries: 1 });
  }

  /** Has a token made for operators of this room. */
  makeToken(done: (token: string) => void): void {
    const path = `${this.#room()}/tokens`;
    void this.#send<{ operatorToken: string }>(t.share.make, { method: 'POST', path }, ({ operatorToken }) =>
      done(operatorToken),
    );
  }

  /** Takes all operators' tokens of this room back. */
  endTokens(done: () => void): void {
    void this.#send(t.share.end, { method: 'DELETE', path: `${this.#room()}/tokens` }, done);
  }

  /** Gives the room a new share token; the old one ends. */
  replaceLink(done: (room: Room) => void): void {
    void this.#send<Room>(t.share.replace, { method: 'POST', path: `${this.#room()}/share-token` }, done);
  }

  removeRoom(): void {
    const { id, revision } = this.client.state ?? { id: '', revision: 0 };
    void this.#send(t.operate.removeRoom, { method: 'DELETE', path: this.#room() }, () =>
      this.client.apply('room-deleted', { id, revision }),
    );
  }

  /** The owner's room, whatever its link is by now; null where it is not found. */
  async find(id: string): Promise<Room | null> {
    try {
      for (let page = 1; ; page += 1) {
        const path = `/api/rooms?page=${page}&pageSize=${PAGE_SIZE}`;
        const { rooms, total } = await this.commands.send<Rooms>({ method: 'GET', path });
        const found = rooms.find((room) => room.id === id);
        if (found || page * PAGE_SIZE >= total) return found ?? null;
      }
    } catch (error) {
      if (error instanceof CommandFailed) return null;
      throw error;
    }
  }

  dismiss(failure: Failure): void {
    this.failures = this.failures.filter((other) => other !== failure);
    this.changed();
  }

  /**
   * Starts the timer that the operator saw. Insisting on the revision keeps a late or
   * doubled start from restarting what has run out or was reset meanwhile.
   */
  async #start(seen: Timer): Promise<void> {
    const what = t.operate.of(t.operate.start, seen.title);
    const path = `/api/timers/${seen.id}/start`;
    const revision = this.client.state?.revision ?? 0;
    const moved = await this.#send<Timer>(what, { method: 'POST', path, revision }, this.#take, true);
    if (!moved) return;
    const now = await this.#newer(seen, revision);
    if (now?.status === 'running') return;
    const unchanged = now !== undefined && now.revision === seen.revision;
    if (!unchanged) return this.#fail({ what, why: t.operate.movedOn, retry: null });
    // Something else in the room changed: the wish still holds.
    const again = this.client.state?.revision ?? revision;
    if (await this.#send<Timer>(what, { method: 'POST', path, revision: again }, this.#take, true))
      this.#fail({ what, why: t.operate.movedOn, retry: null });
  }

  #timer(timer: Timer, verb: string, word: string): Promise<boolean> {
    const command = { method: 'POST' as const, path: `/api/timers/${timer.id}/${verb}` };
    return this.#send<Timer>(t.operate.of(word, timer.title), command, this.#take);
  }

  #undo(body: object, what: string): Promise<boolean> {
    // The answer has no timers: what became of them is asked for, if it is not told.
    return this.#send(what, { method: 'POST', path: `${this.#room()}/undo`, body }, () => this.client.sync());
  }

  readonly #take = (timer: Timer): void => this.client.apply('timer-update', timer);

  #room(): string {
    return `/api/rooms/${this.client.state?.id}`;
  }

  #tap(place: string, act: () => unknown): void {
    const now = performance.now();
    const last = this.#taps.get(place) ?? -Infinity;
    this.#taps.set(place, now);
    if (now - last > DOUBLE_TAP_MS) void act();
  }

  /** The timer when the room is known beyond `revision`. */
  async #newer(timer: Timer, revision: number): Promise<Timer | undefined> {
    this.client.sync();
    const end = performance.now() + SYNC_MS;
    while ((this.client.state?.revision ?? 0) <= revision && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 30));
    return this.client.state?.timers.find(({ id }) => id === timer.id);
  }

  /** Sends with a key of its own; returns whether the room had moved on, if `insisting`. */
  async #send<Answer>(
    what: string,
    wish: Omit<Command, 'key'>,
    done: (answer: Answer) => void,
    insisting = false,
  ): Promise<boolean> {
    const command = { ...wish, key: newKey() };
    const attempt = async (): Promise<boolean> => {
      this.busy += 1;
      this.changed();
      try {
        done(await this.commands.send<Answer>(command));
        return false;
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        if (insisting && error.code === 'room-moved-on') return true;
        const why = this.#reason(error);
        const failure: Failure = { what, why, retry: null };
        if (error.mayRetry)
          failure.retry = () => {
            this.dismiss(failure);
            // With the same key: whatever became of the first, it acts once.
            void attempt().then((moved) => {
              if (moved) this.client.sync();
            });
          };
        this.#fail(failure);
        return false;
      } finally {
        this.busy -= 1;
        this.changed();
      }
    };
    return attempt();
  }

  #reason({ code, message, fields }: CommandFailed): string {
    const timers = this.client.state?.timers ?? [];
    if (code === 'overtaken') return t.log.overtaken(inTheWay(fields, timers, t.log));
    return t.operate.failure[code] ?? message;
  }

  #fail(failure: Failure): void {
    this.failures = [...this.failures, failure];
    this.changed();
  }
}
