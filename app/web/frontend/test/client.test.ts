import { afterEach, beforeEach, expect, it, vi } from 'vitest';

type Handler = (payload?: unknown) => void;

const { io, sockets } = vi.hoisted(() => {
  const sockets: FakeSocket[] = [];
  class FakeSocket {
    handlers = new Map<string, Handler>();
    sent: [string, unknown][] = [];
    answers = new Map<string, unknown>();
    connected = false;
    active = true;
    io = { engine: { close: vi.fn() } };
    connect = vi.fn(() => this);
    on(event: string, handler: Handler) { this.handlers.set(event, handler); }
    timeout() { return this; }
    disconnect() { this.connected = false; return this; }
    async emitWithAck(event: string, payload: unknown) {
      this.sent.push([event, payload]);
      if (!this.answers.has(event)) throw new Error('timeout');
      return this.answers.get(event);
    }
    hear(event: string, payload?: unknown) {
      if (event === 'connect') this.connected = true;
      if (event === 'disconnect') this.connected = false;
      this.handlers.get(event)?.(payload);
    }
  }
  return { sockets, io: () => { const socket = new FakeSocket(); sockets.push(socket); return socket; } };
});
vi.mock('socket.io-client', () => ({ io }));

const { LiveTimerClient } = await import('../src/client/client.js');
const { timer } = await import('./things.js');

const room = { id: 'r', name: 'Hall', description: '', shareToken: 's', currentTimerId: 'a', createdAt: 0, updatedAt: 0 };
const state = (revision: number, ...timers: unknown[]) => ({ ...room, revision, timers });
const get = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  get.mockReset().mockRejectedValue(new TypeError('offline'));
  vi.stubGlobal('fetch', get);
  vi.stubGlobal('addEventListener', () => {});
  vi.stubGlobal('removeEventListener', () => {});
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function watching() {
  const client = new LiveTimerClient({ url: 'http://server', shareToken: 's' });
  const socket = sockets.at(-1)!;
  socket.answers.set('join-room', { ok: true, roomId: 'r', revision: 1 });
  socket.answers.set('ping', { serverTime: 1 });
  socket.hear('connect');
  await vi.advanceTimersByTimeAsync(10);
  socket.hear('room-state', state(1, timer('a', 1)));
  return { client, socket };
}

const asked = (socket: { sent: [string, unknown][] }, event: string) =>
  socket.sent.filter(([name]) => name === event).map(([, payload]) => payload);

it('joins at every connect', async () => {
  const { client, socket } = await watching();
  expect(client.link).toBe('live');
  socket.hear('disconnect', 'transport close');
  socket.hear('connect');
  await vi.advanceTimersByTimeAsync(10);
  expect(asked(socket, 'join-room')).toEqual([{ shareToken: 's' }, { shareToken: 's' }]);
  client.close();
});

it('asks for the clock five times at the start', async () => {
  const { client, socket } = await watching();
  expect(asked(socket, 'ping')).toHaveLength(5);
  client.close();
});

it('asks for a sync when a gap has stayed for half a second', async () => {
  const { client, socket } = await watching();
  socket.hear('timer-created', timer('b', 3));
  await vi.advanceTimersByTimeAsync(490);
  expect(asked(socket, 'request-sync')).toEqual([]);
  await vi.advanceTimersByTimeAsync(20);
  expect(asked(socket, 'request-sync')).toEqual([{ revision: 1 }]);
  client.close();
});

it('asks for nothing when the gap closes in time', async () => {
  const { client, socket } = await watching();
  socket.hear('timer-created', timer('b', 3));
  await vi.advanceTimersByTimeAsync(300);
  socket.hear('timer-created', timer('c', 2));
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked(socket, 'request-sync')).toEqual([]);
  client.close();
});

it('polls while the socket is down, with the tag of what it has', async () => {
  const { client, socket } = await watching();
  const headers = { ETag: '"2"', 'Server-Time': '5' };
  get.mockImplementation(async () => Response.json(state(2, timer('a', 2)), { headers }));
  socket.hear('disconnect', 'transport close');
  await vi.advanceTimersByTimeAsync(10);
  expect(client.link).toBe('polling');
  expect(client.state?.revision).toBe(2);
  await vi.advanceTimersByTimeAsync(2100);
  expect(new Headers(get.mock.calls[1]?.[1]?.headers).get('If-None-Match')).toBe('"2"');
  socket.hear('connect');
  await vi.advanceTimersByTimeAsync(10);
  get.mockClear();
  await vi.advanceTimersByTimeAsync(9000);
  expect(get).not.toHaveBeenCalled();
  client.close();
});

const answer = (revision: number, tag: string, ...timers: unknown[]) =>
  Response.json(state(revision, ...timers), { headers: { ETag: `"${revision}-${tag}"` } });

it('begins anew when it joins: a database that went back is believed', async () => {
  const { client, socket } = await watching();
  socket.hear('timer-created', timer('b', 2, { position: 1 }));
  expect(client.state?.revision).toBe(2);
  socket.hear('disconnect', 'transport close');
  socket.hear('connect');
  await vi.advanceTimersByTimeAsync(10);
  expect(client.state?.revision).toBe(2);
  socket.hear('room-state', state(1, timer('a', 1)));
  expect(client.state?.timers.map(({ id }) => id)).toEqual(['a']);
  client.close();
});

it('believes a polled state that is older than what it held when it asked', async () => {
  const { client, socket } = await watching();
  socket.hear('timer-created', timer('b', 2));
  get.mockImplementation(async () => answer(1, 'aaaaaa', timer('a', 1)));
  socket.hear('disconnect', 'transport close');
  await vi.advanceTimersByTimeAsync(10);
  expect(client.state?.revision).toBe(1);
  client.close();
});

it('believes a polled state of the same revision and another tag', async () => {
  const { client, socket } = await watching();
  get.mockImplementation(async () => answer(2, 'aaaaaa', timer('a', 2)));
  socket.hear('disconnect', 'transport close');
  await vi.advanceTimersByTimeAsync(10);
  get.mockImplementation(async () => answer(2, 'bbbbbb', timer('a', 2, { title: 'other' })));
  await vi.advanceTimersByTimeAsync(2100);
  expect(client.state?.timers[0]?.title).toBe('other');
  client.close();
});

it('keeps what came while it asked, though the answer does not know it', async () => {
  const { client, socket } = await watching();
  let reply = (_: Response) => {};
  get.mockImplementation(() => new Promise((resolve) => { reply = resolve; }));
  socket.hear('disconnect', 'transport close');
  client.apply('timer-update', timer('a', 2, { title: 'commanded' }));
  reply(answer(1, 'aaaaaa', timer('a', 1)));
  await vi.advanceTimersByTimeAsync(10);
  expect(client.state?.timers[0]?.title).toBe('commanded');
  client.close();
});

it('asks without a tag for what came by the socket after it', async () => {
  const { client, socket } = await watching();
  get.mockImplementation(async () => answer(2, 'aaaaaa', timer('a', 2)));
  socket.hear('disconnect', 'transport close');
  await vi.advanceTimersByTimeAsync(10);
  client.apply('timer-update', timer('a', 3));
  await vi.advanceTimersByTimeAsync(2100);
  expect(new Headers(get.mock.calls.at(-1)?.[1]?.headers).get('If-None-Match')).toBeNull();
  client.close();
});

it('polls when the socket hangs while it opens', async () => {
  const client = new LiveTimerClient({ url: 'http://server', shareToken: 's' });
  await vi.advanceTimersByTimeAsync(1600);
  expect(get).toHaveBeenCalledWith('http://server/api/rooms/s', expect.anything());
  client.close();
});

it('never gives up', async () => {
  const { client, socket } = await watching();
  socket.hear('disconnect', 'transport close');
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(get.mock.calls.length).toBeGreaterThan(400);
  expect(client.unconfirmedSeconds()).toBeGreaterThan(3590);
  client.close();
});

it('comes back when the server sends it away', async () => {
  const { client, socket } = await watching();
  socket.hear('disconnect', 'io server disconnect');
  await vi.advanceTimersByTimeAsync(1100);
  expect(socket.connect).toHaveBeenCalled();
  client.close();
});

it('tells how long nothing was confirmed, and takes a silent connection for lost', async () => {
  const { client, socket } = await watching();
  socket.answers.clear();
  await vi.advanceTimersByTimeAsync(11_000);
  expect(client.unconfirmedSeconds()).toBe(0);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(client.unconfirmedSeconds()).toBeGreaterThanOrEqual(12);
  await vi.advanceTimersByTimeAsync(10_000);
  await vi.advanceTimersByTimeAsync(10_000);
  // The fake never times out by itself: it refuses at once, twice.
  expect(socket.io.engine.close).toHaveBeenCalled();
  client.close();
});

it('ends when the link was replaced, the room deleted or never there', async () => {
  const replaced = await watching();
  await vi.advanceTimersByTimeAsync(11_000);
  replaced.socket.hear('error', { code: 'share-token-revoked', message: '' });
  expect(replaced.client.end).toBe('share-token-revoked');
  const deleted = await watching();
  deleted.socket.hear('room-deleted', { id: 'r', revision: 2 });
  expect(deleted.client.end).toBe('room-deleted');
  const unknown = new LiveTimerClient({ url: 'http://server', shareToken: 's' });
  const socket = sockets.at(-1)!;
  socket.answers.set('join-room', { ok: false, error: { code: 'not-found', message: '' } });
  socket.hear('connect');
  await vi.advanceTimersByTimeAsync(10);
  expect(unknown.end).toBe('not-found');
});

it('a link that was just opened is tried again: the news may be of the one before', async () => {
  const { client, socket } = await watching();
  socket.hear('error', { code: 'share-token-revoked', message: '' });
  await vi.advanceTimersByTimeAsync(10);
  expect(client.link).toBe('live');
  expect(asked(socket, 'join-room')).toHaveLength(2);
  socket.answers.set('join-room', { ok: false, error: { code: 'not-found', message: '' } });
  socket.hear('error', { code: 'share-token-revoked', message: '' });
  await vi.advanceTimersByTimeAsync(10);
  expect(client.end).toBe('share-token-revoked');
});
