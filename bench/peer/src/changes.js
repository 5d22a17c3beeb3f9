// How a room changes: lock it, take its next revision, commit, publish.

import { transaction } from './database.js';
import { forbidden } from './problems.js';
import { publish } from './publishing.js';
import { logging, timerChanges } from './revisions.js';
import { roomFields, timerFields } from './wire.js';

const STORE_ROOM = logging(
  'UPDATE rooms SET revision = $3, current_timer_id = $4, updated_at = $5 WHERE id = $2');

/** A room that this transaction has locked. */
export class Change {
  constructor(query, room, now) {
    this.query = query;
    this.room = room;
    this.now = now;
    this.events = [];
    this.rows = [];
  }

  /** Take the next revision for what `command` makes of a timer; null before it exists. */
  revise(actor, command, before, timer) {
    this.room.revision += 1;
    timer.revision = this.room.revision;
    this.rows.push({
      room_id: this.room.id,
      revision: this.room.revision,
      at: this.now,
      actor,
      command,
      changes: timerChanges(timer.id, before, timer),
    });
  }

  async store(actor, command, before, timer) {
    if (timer === before) return;
    this.revise(actor, command, before, timer);
    await this.query(
      `UPDATE timers SET status = $2, remaining = $3, started_at = $4, ends_at = $5,
         revision = $6 WHERE id = $1`,
      timer.id, timer.status, timer.remaining, timer.started_at, timer.ends_at, timer.revision);
    this.announceTimer('timer-update', timer);
  }

  show(timerId) {
    const before = this.room.current_timer_id;
    if (before === timerId) return;
    this.room.current_timer_id = timerId;
    // As an event of the same revision, it is part of what the command changed.
    const row = this.rows.at(-1);
    if (row) row.changes.room = { currentTimerId: [before, timerId] };
    this.announce('room-update', roomFields(this.room));
  }

  announce(name, payload) {
    this.events.push({ name, payload: { ...payload, revision: this.room.revision } });
  }

  announceTimer(name, timer) {
    this.announce(name, { ...timerFields(timer), updatedAt: this.now });
  }

  async save() {
    if (this.events.length === 0) return;
    await this.query(
      STORE_ROOM, JSON.stringify(this.rows), this.room.id, this.room.revision,
      this.room.current_timer_id, this.now);
  }

  publish() {
    for (const { name, payload } of this.events) publish(this.room.id, name, payload);
  }
}

/** Lock a room for `work(change)`, then commit and publish what it announced. */
export async function changeRoom(roomId, work) {
  let change;
  const result = await transaction(async (query) => {
    const [room] = await query('SELECT * FROM rooms WHERE id = $1 FOR UPDATE', roomId);
    if (room === undefined) throw forbidden();
    change = new Change(query, room, Date.now());
    const answer = await work(change);
    await change.save();
    return answer;
  });
  change.publish();
  return result;
}
