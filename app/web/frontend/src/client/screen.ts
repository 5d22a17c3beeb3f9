import type {
  ChangedRoom,
  EventName,
  Events,
  InRoom,
  Room,
  RoomState,
  SentState,
  Timer,
} from './protocol.js';

/**
 * What a screen shows: rules 2 to 4 of docs/protocol.md, without a connection.
 *
 * Whatever the order of the events, no part of it goes back to an older revision,
 * unless the server says that its database did.
 */
export class Screen {
  /** The viewers of the room, null before the first count. */
  viewers: number | null = null;
  deleted = false;
  #room: Room | null = null;
  #timers = new Map<string, Timer>();
  #removed = new Map<string, number>();
  #stateRevision = 0;
  #whole = 0;
  #ahead = new Set<number>();
  #heard = 0;
  #updatedAt = 0;
  /** What is shown until the state of a new beginning is there. */
  #before: RoomState | null = null;

  /** Takes in an event; tells whether anything that is shown may have changed. */
  apply<Name extends EventName>(name: Name, payload: Events[Name]): boolean {
    switch (name) {
      case 'room-state':
        return this.#applyState(payload as SentState);
      case 'room-update':
        return this.#applyRoom(payload as Events['room-update']);
      case 'timer-created':
      case 'timer-update':
      case 'timer-finished':
        return this.#applyTimer(payload as Timer);
      case 'timer-deleted':
        return this.#remove(payload as Events['timer-deleted']);
      case 'room-deleted':
        this.deleted = true;
        return true;
      case 'user-count': {
        const { count, revision } = payload as Events['user-count'];
        this.viewers = count;
        // It tells of a revision, and nothing of what is in it.
        this.#heard = Math.max(this.#heard, revision);
        return true;
      }
      default:
        return false;
    }
  }

  /**
   * Begins anew, for a join: what is shown stays until the state is there, but the
   * revisions held count for nothing. The database may have lost them meanwhile.
   */
  begin(): void {
    this.#before = this.state;
    this.#room = null;
    this.#timers.clear();
    this.#removed.clear();
    this.#stateRevision = 0;
    this.#whole = 0;
    this.#ahead.clear();
    this.#heard = 0;
    this.#updatedAt = 0;
  }

  /** The room with its timers in order, null before the first state. */
  get state(): RoomState | null {
    if (this.#room === null || this.#stateRevision === 0) return this.#before;
    const timers = [...this.#timers.values()].sort(inOrder);
    return { ...this.#room, revision: this.revision, updatedAt: this.#updatedAt, timers };
  }

  /** The highest revision that was received. */
  get revision(): number {
    return Math.max(this.#whole, ...this.#ahead);
  }

  /** Up to which revision nothing is missing. */
  get whole(): number {
    return this.#whole;
  }

  /** Whether a revision below the newest one heard of has not come. */
  get hasGap(): boolean {
    return Math.max(this.#heard, this.revision) > this.#whole;
  }

  #applyState({ restored, timers, ...room }: SentState): boolean {
    if (restored) this.begin();
    // All of it is known already, from a newer state.
    if (room.revision < this.#stateRevision) return false;
    this.#stateRevision = room.revision;
    this.#whole = Math.max(this.#whole, room.revision);
    // Whatever is not newer than the state is as the state says.
    for (const [id, { revision }] of this.#timers)
      if (revision <= room.revision) this.#timers.delete(id);
    for (const [id, revision] of this.#removed)
      if (revision <= room.revision) this.#removed.delete(id);
    for (const timer of timers)
      if (!this.#timers.has(timer.id) && !this.#removed.has(timer.id))
        this.#timers.set(timer.id, timer);
    this.#applyRoom(room);
    this.#close();
    return true;
  }

  #applyRoom(room: ChangedRoom): boolean {
    this.#see(room);
    if (this.#room !== null && room.revision < this.#room.revision) return false;
    this.#room = { ...room, shareToken: room.shareToken ?? this.#room?.shareToken ?? '' };
    return true;
  }

  #applyTimer(timer: Timer): boolean {
    this.#see(timer);
    if (timer.revision <= this.#known(timer.id)) return false;
    this.#timers.set(timer.id, timer);
    return true;
  }

  #remove(gone: Events['timer-deleted']): boolean {
    const { id, revision } = gone;
    this.#see(gone);
    if (revision <= this.#known(id)) return false;
    this.#timers.delete(id);
    this.#removed.set(id, revision);
    return true;
  }

  /** The newest revision that says what became of the timer. */
  #known(id: string): number {
    // A state that does not list a timer says that it is gone.
    return (
      this.#timers.get(id)?.revision ??
      Math.max(this.#removed.get(id) ?? 0, this.#stateRevision)
    );
  }

  #see({ revision, updatedAt }: InRoom & { revision: number }): void {
    // The timers of a state do not tell it.
    if (updatedAt !== undefined && revision >= this.revision) this.#updatedAt = updatedAt;
    if (revision > this.#whole) this.#ahead.add(revision);
    // Before the first state nobody knows where the sequence stands.
    if (this.#stateRevision > 0) this.#close();
  }

  #close(): void {
    for (const revision of this.#ahead)
      if (revision <= this.#whole) this.#ahead.delete(revision);
    while (this.#ahead.delete(this.#whole + 1)) this.#whole += 1;
  }
}

/** Two have the same place where one was deleted and brought back meanwhile. */
function inOrder(a: Timer, b: Timer): number {
  return a.position - b.position || (a.id < b.id ? -1 : 1);
}
