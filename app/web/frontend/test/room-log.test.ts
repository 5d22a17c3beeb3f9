import { expect, it, vi } from 'vitest';

import { CommandFailed } from '../src/client/commands.js';
import type { Revision, RevisionPage } from '../src/client/protocol.js';
import { RoomLog } from '../src/parts/room-log.js';

function row(revision: number, more: Partial<Revision> = {}): Revision {
  return { revision, at: 0, actor: 'owner', command: 'start-timer', changes: {}, undoes: null, undoneBy: null, ...more };
}

/** A log on a server that has these revisions, and pages as it does. */
function logOf(...revisions: number[]) {
  const held = revisions.map((revision) => row(revision));
  const read = vi.fn((query: string): Promise<RevisionPage> => {
    const given = new URLSearchParams(query);
    const limit = Number(given.get('limit') ?? 50);
    const after = given.get('after');
    const all = held.filter(({ revision }) => revision > Number(after ?? 0));
    const page = after === null ? all.slice(-limit) : all.slice(0, limit);
    return Promise.resolve({ revisions: page, more: all.length > page.length });
  });
  const seen = { visible: true, waited: (): void => {} };
  const wait = () => new Promise<void>((resolve) => (seen.waited = resolve));
  const log = new RoomLog({ read, changed: () => {}, wanted: () => seen.visible, wait });
  const happens = (...more: Revision[]) => {
    held.push(...more);
    log.notice(held.at(-1)!.revision);
  };
  /** The time has come to read what was noticed. */
  const settle = async () => {
    seen.waited();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { log, read, seen, happens, settle };
}

const numbers = ({ rows }: RoomLog) => rows.map(({ revision }) => revision);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, place) => from + place);

it('nothing is read while nothing happens', async () => {
  const { log, read, settle } = logOf(1, 2);
  log.notice(2);
  log.notice(2);
  await settle();
  expect(read).not.toHaveBeenCalled();
});

it('what comes together is read together, once, and then what comes after it', async () => {
  const { log, read, happens, settle } = logOf(1, 2);
  log.notice(2);
  happens(row(3));
  happens(row(4));
  await settle();
  expect(numbers(log)).toEqual([1, 2, 3, 4]);
  happens(row(5));
  await settle();
  expect(read.mock.calls).toEqual([['limit=100'], ['after=4']]);
  expect(numbers(log)).toEqual([1, 2, 3, 4, 5]);
});

it('an undo marks what it undoes, also where that was read before', async () => {
  const { log, happens, settle } = logOf(1);
  log.notice(1);
  happens(row(2));
  await settle();
  happens(row(3, { undoes: 2 }));
  await settle();
  expect(log.rows.map(({ undoneBy }) => undoneBy)).toEqual([null, 3, null]);
});

it('what fails is left until the next event', async () => {
  const { log, read, happens, settle } = logOf(1);
  log.notice(1);
  read.mockRejectedValueOnce(new CommandFailed('database-away', '', true));
  happens(row(2));
  await settle();
  log.notice(2);
  await settle();
  expect(read).toHaveBeenCalledTimes(1);
  happens(row(3));
  await settle();
  expect(numbers(log)).toEqual([1, 2, 3]);
});

it('a hidden desk reads nothing, and what it has missed when it is seen', async () => {
  const { log, read, seen, happens, settle } = logOf(1);
  log.notice(1);
  seen.visible = false;
  happens(row(2));
  await settle();
  expect(read).not.toHaveBeenCalled();
  seen.visible = true;
  log.notice(2);
  await settle();
  expect(numbers(log)).toEqual([1, 2]);
});

it('after much that it has missed only the newest is read', async () => {
  const { log, read, happens, settle } = logOf(1);
  log.notice(1);
  happens(row(2));
  await settle();
  happens(...range(3, 300).map((revision) => row(revision)));
  await settle();
  expect(read).toHaveBeenCalledTimes(3);
  expect(numbers(log)).toEqual(range(201, 300));
  expect(log.older).toBe(true);
});

it('what was read of revisions that the database has lost is forgotten', async () => {
  const { log, happens, settle } = logOf(1, 2, 3);
  log.notice(3);
  happens(row(4));
  await settle();
  log.notice(2);
  expect(log.rows).toEqual([]);
});

it('older rows are read back to the first, over any gap', async () => {
  const { log } = logOf(...range(1, 30), ...range(1_000_000, 1_000_250));
  await log.open();
  expect(numbers(log)).toEqual(range(1_000_151, 1_000_250));
  await log.readOlder();
  expect(numbers(log)).toEqual(range(1_000_051, 1_000_250));
  await log.readOlder();
  await log.readOlder();
  expect(numbers(log)).toEqual([...range(1, 30), ...range(1_000_000, 1_000_250)]);
  expect(log.older).toBe(false);
});

it('a person who waits is told when the log cannot be read', async () => {
  const { log, read } = logOf(1);
  read.mockRejectedValueOnce(new CommandFailed('no-answer', '', true));
  await log.open();
  expect(log.state).toBe('failed');
  await log.open();
  expect(log.state).toBe('idle');
});
