import { describe, expect, it } from 'vitest';

import type { Changes, Revision } from '../src/client/protocol.js';
import { announced, author, deed, extended, inTheWay, type Known, linesOf, OFFERED_MS, offered, pieces, plain } from '../src/parts/log.js';
import { actorOf } from '../src/parts/storage.js';
import { de } from '../src/texts/de.js';
import { en } from '../src/texts/en.js';

const ME = 'operator:3f2a9b1c-0000-4000-8000-000000000001';
const OTHER = 'operator:77aa9b1c-0000-4000-8000-000000000002';
const AT = 1_000_000;
const started: Changes = { room: { currentTimerId: [null, 'k'] }, timers: { k: { status: ['idle', 'running'] } } };

function row(revision: number, command: string, changes: Changes = {}, more: Partial<Revision> = {}): Revision {
  return { revision, at: AT + revision, actor: ME, command, changes, undoes: null, undoneBy: null, ...more };
}

function undo(revision: number, undoes: number, more: Partial<Revision> = {}): Revision {
  return row(revision, 'undo', {}, { undoes, ...more });
}

function known(...rows: Revision[]): Known {
  return { rows: extended([], rows), timers: [{ id: 'k', title: 'Keynote' }], me: ME, words: en.log };
}

function said(command: string, changes: Changes): string {
  const one = row(1, command, changes);
  return plain(deed(one, known(one)));
}

function offer(room: Known, now = AT): string | null {
  const found = offered(room, now);
  return found && `${found.revision} ${plain(found.what)}, ${found.who}`;
}

describe('a command is named', () => {
  it.each<[string, Changes, string]>([
    ['start-timer', started, 'start of Keynote'],
    ['pause-timer', { timers: { k: { status: ['running', 'paused'] } } }, 'pause of Keynote'],
    ['reset-timer', { timers: { k: { status: ['running', 'idle'] } } }, 'reset of Keynote'],
    ['finish', { timers: { k: { status: ['running', 'finished'] } } }, 'time up for Keynote'],
    ['create-timer', { timers: { n: [null, { title: 'Panel' }] } }, 'adding of Panel'],
    ['update-timer', { timers: { k: { duration: [1, 2] } } }, 'edit of Keynote'],
    ['update-timer', { timers: { k: { title: ['Opening', 'Keynote'] } } }, 'renaming of Opening to Keynote'],
    ['delete-timer', { timers: { k: { position: [2, 1] }, d: [{ title: 'Panel' }, null] } }, 'deletion of Panel'],
    ['reorder-timers', { timers: { k: { position: [0, 1] } } }, 'change of the order'],
    ['update-room', { room: { currentTimerId: [null, 'k'] } }, 'Keynote on the screens'],
    ['update-room', { room: { currentTimerId: ['k', null] } }, 'nothing on the screens'],
    ['update-room', { room: { name: ['A', 'B'] } }, 'new name of the room'],
    ['update-room', { room: { name: ['A', 'B'], description: ['', 'x'] } }, 'edit of the room'],
    ['revoke-operator-tokens', {}, 'end of all operators’ links'],
    ['something-of-tomorrow', {}, 'something-of-tomorrow'],
  ])('%s: %o', (command, changes, words) => {
    expect(said(command, changes)).toBe(words);
  });

  it('by the title that a timer had, where it is deleted since', () => {
    const gone = row(2, 'delete-timer', { timers: { g: [{ title: 'Gone' }, null] } });
    const rows = [row(1, 'start-timer', { timers: { g: { status: ['idle', 'running'] } } }), gone];
    expect(plain(deed(rows[0]!, known(...rows)))).toBe('start of Gone');
  });

  it('without a title, where nobody knows it', () => {
    expect(said('start-timer', { timers: { x: { status: ['idle', 'running'] } } })).toBe('start of a timer');
  });

  it('with its title apart, which may run in another direction', () => {
    const one = row(1, 'create-timer', { timers: { n: [null, { title: 'مرحبا\u2069' }] } });
    expect(pieces(deed(one, known(one)))).toEqual(['adding of ', 'مرحبا', '']);
  });

  it('an undo by what it took back, a redo by what it brought back', () => {
    const room = known(row(1, 'start-timer', started), undo(2, 1), undo(3, 2), undo(4, 3));
    const words = room.rows.map((one) => plain(deed(one, room)));
    expect(words.slice(1)).toEqual(['undo of start of Keynote', 'redo of start of Keynote', 'undo of start of Keynote']);
  });

  it('an undo of what was never read, too', () => {
    const one = undo(9, 2);
    expect(deed(one, known(one))).toBe('undo of an earlier command');
  });

  it('in each language', () => {
    expect(Object.keys(de.log.commands)).toEqual(Object.keys(en.log.commands));
    expect(Object.keys(de.log.by)).toEqual(Object.keys(en.log.by));
  });
});

it('what is in the way of an undo is told by titles', () => {
  const timers = [{ id: 'k', title: 'Keynote' }];
  expect(inTheWay(['timers.k.title', 'timers.k.duration'], timers, en.log)).toBe('Keynote');
  expect(inTheWay(['room.currentTimerId', 'timers.x.id'], timers, en.log)).toBe('the room, a deleted timer');
});

it.each([
  [ME, 'by you'],
  [OTHER, 'by operator 77aa'],
  ['operator:alice', 'by operator alice'],
  ['owner', 'by the owner'],
  ['clock', 'by the clock'],
  ['command-line', 'on the command line'],
  ['somebody-of-tomorrow', 'somebody-of-tomorrow'],
])('an author is told: %s', (actor, words) => {
  expect(author(actor, { me: ME, words: en.log })).toBe(words);
});

it.each([
  [{ sub: 'o' }, 'owner'],
  [{ sub: 'o', timer_role: 'owner' }, 'owner'],
  [{ sub: OTHER, timer_role: 'operator' }, OTHER],
  [{ sub: 'alice', timer_role: 'operator' }, 'operator:alice'],
])('a token says who its holder is in the log: %o', (claims, actor) => {
  expect(actorOf(`e30.${btoa(JSON.stringify(claims))}.x`)).toBe(actor);
});

describe('what is offered', () => {
  it('is the newest command that can be undone, whoever made it', () => {
    const room = known(
      row(1, 'create-timer', { timers: { k: [null, { title: 'Keynote' }] } }),
      row(2, 'start-timer', started, { actor: OTHER }),
      row(3, 'finish', { timers: { k: {} } }, { actor: 'clock' }),
      row(4, 'issue-operator-token', {}, { actor: 'owner' }),
    );
    expect(offer(room)).toBe('2 Undo: start of Keynote, by operator 77aa');
  });

  it('is offered for ten seconds', () => {
    const room = known(row(1, 'start-timer', started));
    expect(offer(room, AT + OFFERED_MS)).toBe('1 Undo: start of Keynote, by you');
    expect(offer(room, AT + 1 + OFFERED_MS)).toBeNull();
  });

  it('is the redo once it is undone', () => {
    const room = known(row(1, 'start-timer', started), undo(2, 1, { actor: 'owner' }));
    expect(offer(room)).toBe('2 Redo: start of Keynote, undone by the owner');
  });

  it('is the undo again once it is redone', () => {
    const room = known(row(1, 'start-timer', started), undo(2, 1), undo(3, 2));
    expect(offer(room)).toBe('3 Undo: start of Keynote, by you');
  });

  it('is nothing before there is anything', () => {
    expect(offer(known())).toBeNull();
    expect(offer(known(row(1, 'create-room')))).toBeNull();
  });
});

describe('what was undone is announced', () => {
  const room = known(row(1, 'start-timer', started), undo(2, 1, { actor: 'owner' }));

  it('with who undid it', () => {
    expect(announced(room, AT)).toBe('Undone: start of Keynote, by the owner');
  });

  it('as a redo where it is one', () => {
    expect(announced(known(...room.rows, undo(3, 2)), AT)).toBe('Redone: start of Keynote, by you');
  });

  it('not for ever, and nothing else is', () => {
    expect(announced(room, AT + 2 + OFFERED_MS)).toBe('');
    expect(announced(known(row(1, 'start-timer', started)), AT)).toBe('');
  });
});

describe('the history', () => {
  it('says newest first what can be undone, what is undone, and what cannot be', () => {
    const room = known(
      row(1, 'create-room'),
      row(2, 'start-timer', started, { actor: OTHER }),
      row(3, 'reset-timer', { timers: { k: {} } }),
      undo(4, 3),
    );
    const lines = linesOf(room).map(({ what, who, action, state }) => [plain(what), who, action, state]);
    expect(lines).toEqual([
      ['undo of reset of Keynote', 'by you', 'Redo', ''],
      ['reset of Keynote', 'by you', null, 'Undone'],
      ['start of Keynote', 'by operator 77aa', 'Undo', ''],
      ['creation of the room', 'by you', null, 'Cannot be undone'],
    ]);
  });

  it('says what is for the owner to undo', () => {
    const room = known(row(1, 'update-room', { room: { name: ['A', 'B'] } }, { actor: 'owner' }));
    expect(linesOf(room)).toMatchObject([{ action: null, state: 'Only the owner can undo it' }]);
    expect(offered(room, AT)).toBeNull();
    expect(linesOf({ ...room, me: 'owner' })).toMatchObject([{ action: 'Undo' }]);
  });

  it('has a command in force again once its undo is undone', () => {
    const room = known(row(1, 'start-timer', started), undo(2, 1), undo(3, 2));
    expect(linesOf(room).map(({ action }) => action)).toEqual(['Undo', null, 'Undo']);
    const again = known(...room.rows, undo(4, 1));
    expect(linesOf(again).map(({ action }) => action)).toEqual(['Redo', null, null, null]);
  });
});
