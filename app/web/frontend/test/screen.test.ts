import { describe, expect, it } from 'vitest';

import type { RoomState, Timer } from '../src/client/protocol.js';
import { Screen } from '../src/client/screen.js';
import { timer } from './things.js';

const room = { id: 'r', name: 'Hall', description: '', shareToken: 's', currentTimerId: null, createdAt: 0, updatedAt: 0 };

function state(revision: number, ...timers: Timer[]): RoomState {
  return { ...room, revision, timers };
}

function showing(revision: number, ...timers: Timer[]): Screen {
  const screen = new Screen();
  screen.apply('room-state', state(revision, ...timers));
  return screen;
}

function titles(screen: Screen): string[] | undefined {
  return screen.state?.timers.map(({ title }) => title);
}

describe('a screen', () => {
  it('shows nothing before its first state', () => {
    const screen = new Screen();
    screen.apply('timer-update', timer('a', 3));
    expect(screen.state).toBeNull();
    expect(screen.whole).toBe(0);
  });

  it('keeps a newer timer that came before the first state', () => {
    const screen = new Screen();
    screen.apply('timer-update', timer('a', 3, { title: 'new' }));
    screen.apply('room-state', state(2, timer('a', 2, { title: 'old' })));
    expect(titles(screen)).toEqual(['new']);
    expect(screen.hasGap).toBe(false);
  });

  it('sorts the timers by their position', () => {
    const screen = showing(3, timer('b', 3, { position: 5 }), timer('a', 2, { position: 1 }));
    expect(titles(screen)).toEqual(['a', 'b']);
  });

  it('never goes back to an older timer', () => {
    const screen = showing(1, timer('a', 1));
    screen.apply('timer-update', timer('a', 3, { title: 'third' }));
    expect(screen.apply('timer-update', timer('a', 2, { title: 'second' }))).toBe(false);
    expect(titles(screen)).toEqual(['third']);
  });

  it('keeps the link that an operator is not told', () => {
    const screen = showing(1);
    const { shareToken: _, ...answer } = room;
    screen.apply('room-update', { ...answer, revision: 2, name: 'Foyer' });
    expect(screen.state).toMatchObject({ name: 'Foyer', shareToken: 's' });
  });

  it('tells when the room changed, which is when anything in it did', () => {
    const screen = showing(1, timer('a', 1), timer('b', 1));
    screen.apply('timer-update', { ...timer('a', 3), updatedAt: 30 });
    screen.apply('timer-update', { ...timer('b', 2), updatedAt: 20 });
    expect(screen.state?.updatedAt).toBe(30);
    screen.apply('timer-deleted', { id: 'a', revision: 4, updatedAt: 40 });
    expect(screen.state?.updatedAt).toBe(40);
    screen.apply('room-state', { ...state(5, timer('b', 2)), updatedAt: 50 });
    expect(screen.state?.updatedAt).toBe(50);
  });

  it('does not bring a deleted timer back', () => {
    const screen = showing(1, timer('a', 1));
    screen.apply('timer-deleted', { id: 'a', revision: 3 });
    screen.apply('timer-update', timer('a', 2));
    expect(titles(screen)).toEqual([]);
  });

  it('does not bring back what a state no longer lists', () => {
    const screen = showing(5);
    screen.apply('timer-update', timer('a', 4));
    expect(titles(screen)).toEqual([]);
  });

  it('keeps what is newer than a state that does not list it', () => {
    const screen = showing(1, timer('a', 1));
    screen.apply('timer-created', timer('b', 4));
    screen.apply('room-state', state(3));
    expect(titles(screen)).toEqual(['b']);
  });

  it('takes room fields at or above the revision held', () => {
    const screen = showing(4);
    screen.apply('room-update', { ...room, revision: 3, name: 'old' });
    expect(screen.state?.name).toBe('Hall');
    screen.apply('room-update', { ...room, revision: 4, name: 'new' });
    expect(screen.state?.name).toBe('new');
  });
});

describe('a database that went back', () => {
  it('is believed by a screen that is told so', () => {
    const screen = showing(5, timer('a', 5, { title: 'lost' }));
    screen.apply('timer-created', timer('b', 9));
    screen.apply('user-count', { count: 1, revision: 12 });
    screen.apply('room-state', { ...state(3, timer('a', 2)), updatedAt: 30, restored: true });
    expect(titles(screen)).toEqual(['a']);
    expect(screen.state).toEqual({ ...state(3, timer('a', 2)), updatedAt: 30 });
    expect(screen.hasGap).toBe(false);
    screen.apply('timer-update', timer('a', 4, { title: 'new' }));
    expect(titles(screen)).toEqual(['new']);
  });

  it('counts for a screen that joins: what is shown stays until the state is there', () => {
    const screen = showing(5, timer('a', 5, { title: 'lost' }));
    screen.begin();
    screen.apply('timer-created', timer('b', 4, { position: 1 }));
    expect(titles(screen)).toEqual(['lost']);
    screen.apply('room-state', state(3, timer('a', 2)));
    expect(titles(screen)).toEqual(['a', 'b']);
    expect(screen.whole).toBe(4);
  });

  it('is as its state says, also where a timer held is newer than the timer listed', () => {
    const screen = showing(5, timer('a', 5, { title: 'lost' }));
    screen.apply('room-state', state(6, timer('a', 2)));
    expect(titles(screen)).toEqual(['a']);
  });

  it('is not to be seen in an older state that comes late', () => {
    const screen = showing(5, timer('a', 5));
    expect(screen.apply('room-state', state(4, timer('b', 2)))).toBe(false);
    expect(titles(screen)).toEqual(['a']);
  });
});

describe('a gap', () => {
  it('opens when a revision is left out, and closes when it comes', () => {
    const screen = showing(1);
    screen.apply('timer-created', timer('b', 3));
    expect(screen.hasGap).toBe(true);
    expect(screen.whole).toBe(1);
    screen.apply('timer-created', timer('a', 2));
    expect(screen.hasGap).toBe(false);
    expect(screen.whole).toBe(3);
  });

  it('opens by the revision of a count of viewers', () => {
    const screen = showing(1);
    screen.apply('user-count', { count: 2, revision: 2 });
    expect(screen.hasGap).toBe(true);
    expect(screen.viewers).toBe(2);
  });

  it('is closed by a whole state', () => {
    const screen = showing(1);
    screen.apply('timer-created', timer('b', 3));
    screen.apply('room-state', state(3, timer('b', 3)));
    expect(screen.hasGap).toBe(false);
  });
});
