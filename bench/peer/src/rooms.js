// Rooms, and their state as screens show it.

import { randomBytes, randomUUID } from 'node:crypto';

import { holderOf, issueTokens } from './auth.js';
import { query } from './database.js';
import { invalid, notFound } from './problems.js';
import { logging, roomChanges } from './revisions.js';
import { roomFields, timerFields } from './wire.js';

const KEPT_STATES = 1000;
const INSERT_ROOM = logging(
  `INSERT INTO rooms (id, owner_id, name, description, share_token, revision, created_at,
     updated_at) VALUES ($2, $3, $4, $5, $6, 1, $7, $7)`);

export async function createRoom(claims, body) {
  const { name, description = '' } = body ?? {};
  if (typeof name !== 'string' || !name.trim() || name.length > 100) {
    throw invalid('A name has 1 to 100 characters.');
  }
  const owner = claims?.sub ?? randomUUID();
  const now = Date.now();
  const room = {
    id: randomUUID(),
    name: name.trim(),
    description,
    share_token: randomBytes(18).toString('base64url'),
    current_timer_id: null,
    revision: 1,
    created_at: now,
    updated_at: now,
  };
  const row = {
    room_id: room.id, revision: 1, at: now, actor: holderOf(owner), command: 'create-room',
    changes: roomChanges(null, room),
  };
  await query(
    INSERT_ROOM, JSON.stringify([row]), room.id, owner, room.name, description,
    room.share_token, now);
  return { ...roomFields(room), ...(claims ? {} : issueTokens(owner)) };
}

const states = new Map();
const questions = new Map();

/** Return the room that a share token leads to, from memory where it is known. */
export async function roomIdOf(shareToken) {
  return (states.get(shareToken) ?? await currentState(shareToken)).id;
}

/**
 * Return the state of a room as the database has it now, without `serverTime`.
 *
 * Whoever asks while a question is under way shares the next one: a hall that joins at
 * once costs few questions, and none of them sees less than it should.
 */
export function currentState(shareToken) {
  const underWay = questions.get(shareToken);
  if (underWay === undefined) return begin(shareToken);
  underWay.next ??= underWay.answer.catch(() => {}).then(() => begin(shareToken));
  return underWay.next;
}

function begin(shareToken) {
  const question = { answer: ask(shareToken), next: null };
  questions.set(shareToken, question);
  const end = () => {
    if (question.next === null) questions.delete(shareToken);
  };
  question.answer.then(end, end);
  return question.answer;
}

async function ask(shareToken) {
  const [room] = await query('SELECT revision FROM rooms WHERE share_token = $1', shareToken);
  if (room === undefined) throw notFound();
  const known = states.get(shareToken);
  return known?.revision === room.revision ? known : read(shareToken);
}

async function read(shareToken) {
  // One statement is one snapshot: the revision and the timers belong together.
  const rows = await query(
    `SELECT to_json(r) AS room, to_json(t) AS timer FROM rooms r
       LEFT JOIN timers t ON t.room_id = r.id WHERE r.share_token = $1
       ORDER BY t.position, t.id`, shareToken);
  if (rows.length === 0) throw notFound();
  const timers = rows.filter((row) => row.timer).map((row) => timerFields(row.timer));
  const state = { ...roomFields(rows[0].room), timers };
  states.set(shareToken, state);
  if (states.size > KEPT_STATES) states.delete(states.keys().next().value);
  return state;
}
