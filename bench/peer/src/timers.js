// What can be done with timers.

import { randomUUID } from 'node:crypto';

import { checkOwner, holderOf } from './auth.js';
import { changeRoom } from './changes.js';
import * as countdown from './countdown.js';
import { query } from './database.js';
import { notice } from './finisher.js';
import { forbidden, invalid } from './problems.js';
import { timerFields } from './wire.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const transitions = { start: countdown.start, pause: countdown.pause, reset: countdown.reset };

export async function createTimer(claims, roomId, body) {
  checkInput(body);
  if (!UUID.test(roomId)) throw forbidden();
  const [room] = await query(
    `SELECT r.owner_id, g.generation FROM rooms r
       LEFT JOIN token_generations g ON g.holder = $2 WHERE r.id = $1`,
    roomId, holderOf(claims.sub));
  checkOwner(claims, room);
  const actor = holderOf(claims.sub);
  return changeRoom(roomId, async (change) => {
    const [timer] = await change.query(
      `INSERT INTO timers (id, room_id, title, description, completion_message, position,
         duration, remaining, status, revision)
       SELECT $1, $2, $3, $4, $5, coalesce(max(position) + 1, 0), $6, $6, 'idle', $7
         FROM timers WHERE room_id = $2 RETURNING *`,
      randomUUID(), roomId, body.title, body.description ?? '', body.completionMessage ?? '',
      body.duration, change.room.revision + 1);
    change.revise(actor, 'create-timer', null, timer);
    change.announceTimer('timer-created', timer);
    return timerFields(timer);
  });
}

export async function commandTimer(claims, timerId, command) {
  if (!UUID.test(timerId)) throw forbidden();
  const [found] = await query(
    `SELECT t.room_id, r.owner_id, g.generation
       FROM timers t JOIN rooms r ON r.id = t.room_id
       LEFT JOIN token_generations g ON g.holder = $2 WHERE t.id = $1`,
    timerId, holderOf(claims.sub));
  checkOwner(claims, found);
  const { timer, refusal } = await changeRoom(found.room_id, (change) =>
    apply(change, holderOf(claims.sub), timerId, command));
  if (refusal) throw refusal;
  notice(timer);
  return timerFields(timer);
}

async function apply(change, actor, timerId, command) {
  let [timer] = await change.query('SELECT * FROM timers WHERE id = $1', timerId);
  if (timer === undefined) throw forbidden();
  timer = await finishIfOver(change, timer);
  try {
    const next = transitions[command](timer, change.now);
    await change.store(actor, command, timer, next);
    if (command === 'start') change.show(timerId);
    return { timer: next };
  } catch (refusal) {
    // A refusal must not undo the finish that the command met.
    if (refusal.status !== 409) throw refusal;
    return { timer, refusal };
  }
}

async function finishIfOver(change, timer) {
  if (!countdown.isOver(timer, change.now)) return timer;
  const finished = countdown.finish(timer);
  await change.store('command', 'finish', timer, finished);
  change.announceTimer('timer-finished', finished);
  return finished;
}

function checkInput(body) {
  const { title, duration } = body ?? {};
  if (typeof title !== 'string' || !title.trim() || title.length > 200) {
    throw invalid('A title has 1 to 200 characters.');
  }
  if (!Number.isInteger(duration) || duration < 1000 || duration > 86_400_000) {
    throw invalid('A duration is 1000 to 86400000 ms.');
  }
}
