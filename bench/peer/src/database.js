// PostgreSQL: a pool, prepared statements, transactions that publish after the commit.

import pg from 'pg';

import { settings } from './settings.js';

// Instants are bigint columns and fit a double by far.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: 20 });

const names = new Map();

// A name makes pg prepare the statement once for each connection.
export function prepared(text, values) {
  if (!names.has(text)) names.set(text, `s${names.size}`);
  return { name: names.get(text), text, values };
}

export async function query(text, ...values) {
  return (await pool.query(prepared(text, values))).rows;
}

/** Run `work(query)` as one transaction; any exception rolls it back. */
export async function transaction(work) {
  const client = await pool.connect();
  let broken;
  try {
    await client.query('BEGIN');
    const result = await work(async (text, ...values) =>
      (await client.query(prepared(text, values))).rows);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure) => { broken = failure; });
    throw error;
  } finally {
    client.release(broken);
  }
}
