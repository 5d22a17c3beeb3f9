// Finishing: one setTimeout at the next end; the database decides who finishes.

import { Change } from './changes.js';
import * as countdown from './countdown.js';
import { query, transaction } from './database.js';
import { logging } from './revisions.js';

const HORIZON_MS = 2000;
const RETRY_MS = 5;
const ROOMS_AT_ONCE = 100;
const STORE_ROOMS = logging(
  `UPDATE rooms SET revision = new.revision, updated_at = $4
     FROM unnest($2::uuid[], $3::bigint[]) AS new (id, revision) WHERE rooms.id = new.id`);
const CLOCK = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

let timeout;
let wakesAt = Infinity;
let awake = false;

/** Wake in time for a timer that this worker started. */
export function notice(timer) {
  if (timer.status !== 'running' || timer.ends_at >= wakesAt) return;
  if (awake) wakesAt = timer.ends_at;
  else sleep(timer.ends_at - Date.now());
}

export function runFinisher() {
  sleep(0);
}

function sleep(ms) {
  clearTimeout(timeout);
  const wait = Math.max(0, Math.min(ms, HORIZON_MS));
  wakesAt = Date.now() + wait;
  timeout = setTimeout(wake, wait);
}

async function wake() {
  awake = true;
  // What is noticed from here on may be too late for the questions below.
  wakesAt = Infinity;
  const wait = await finishAllDue().catch((error) => {
    console.error(error);
    return HORIZON_MS;
  });
  awake = false;
  sleep(Math.min(wait, wakesAt - Date.now()));
}

/** Finish what is over; answer how many ms may pass until the next look. */
async function finishAllDue() {
  for (;;) {
    const left = await nextEnd();
    if (left > 0) return left;
    // What another worker or a command holds is looked at again in a moment.
    if (!await finishBatch()) return RETRY_MS;
  }
}

async function nextEnd() {
  const [row] = await query(
    `SELECT min(ends_at) - ${CLOCK} AS left FROM timers WHERE status = 'running'`);
  return row.left ?? HORIZON_MS;
}

async function finishBatch() {
  const changes = await transaction(async (query) => {
    const [{ now }] = await query(`SELECT ${CLOCK} AS now`);
    const rooms = await query(
      `SELECT * FROM rooms WHERE id IN
         (SELECT room_id FROM timers WHERE status = 'running' AND ends_at <= $1)
       LIMIT ${ROOMS_AT_ONCE} FOR UPDATE SKIP LOCKED`, now);
    const locked = new Map(rooms.map((room) => [room.id, new Change(query, room, now)]));
    await finishAll(query, locked, now);
    return [...locked.values()];
  });
  for (const change of changes) change.publish();
  return changes.length > 0;
}

// Two statements for the whole batch, however many timers end in it.
async function finishAll(query, changes, now) {
  const due = await query(
    `SELECT * FROM timers WHERE room_id = ANY($1) AND status = 'running' AND ends_at <= $2
       ORDER BY ends_at, id`, [...changes.keys()], now);
  const all = [];
  for (const timer of due) {
    const change = changes.get(timer.room_id);
    const finished = countdown.finish(timer);
    change.revise('finisher', 'finish', timer, finished);
    change.announceTimer('timer-update', finished);
    change.announceTimer('timer-finished', finished);
    all.push(finished);
  }
  await query(
    `UPDATE timers SET status = 'finished', remaining = 0, revision = new.revision
       FROM unnest($1::uuid[], $2::bigint[]) AS new (id, revision) WHERE timers.id = new.id`,
    all.map((timer) => timer.id), all.map((timer) => timer.revision));
  const rooms = [...changes.values()].map((change) => change.room);
  const rows = [...changes.values()].flatMap((change) => change.rows);
  await query(
    STORE_ROOMS, JSON.stringify(rows),
    rooms.map((room) => room.id), rooms.map((room) => room.revision), now);
}
