// The log: a row for each revision, written in the statement that stores the room.

import { pool } from './database.js';
import { roomFields, timerFields } from './wire.js';

const COLUMNS = `room_id uuid, revision bigint, at bigint, actor text, command text,
  changes json`;

/** Make the table, which is the peer's alone: the rest of the schema is the product's. */
export async function createLog() {
  await pool.query(
    `CREATE TABLE IF NOT EXISTS peer_revisions (
       ${COLUMNS}, PRIMARY KEY (room_id, revision))`);
}

/** Return a statement that also writes the log's rows, which are its $1 as JSON. */
export const logging = (statement) => `
  WITH logged AS (
    INSERT INTO peer_revisions SELECT * FROM json_to_recordset($1) AS row (${COLUMNS}))
  ${statement}`;

export const timerChanges = (id, before, after) =>
  ({ timers: { [id]: differences(before && timerFields(before), timerFields(after)) } });

export const roomChanges = (before, after) =>
  ({ room: differences(before && roomFields(before), roomFields(after)) });

/** Return what differs as [before, after] by field; the row has the revision itself. */
function differences(before, after) {
  const changes = {};
  for (const name in after) {
    if (name === 'revision') continue;
    const old = before?.[name] ?? null;
    if (old !== after[name]) changes[name] = [old, after[name]];
  }
  return changes;
}
