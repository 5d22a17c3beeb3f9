import { expect, it, vi } from 'vitest';

import { type Command, CommandFailed, Commands, newKey } from '../src/client/commands.js';

const start: Command = { method: 'POST', path: '/api/timers/t/start', key: 'k', revision: 7 };

function problem(status: number, code: string, headers = {}) {
  return new Response(JSON.stringify({ code, detail: 'Why not.' }), { status, headers });
}

function commands(...answers: (Response | Error)[]) {
  const send = vi.fn<typeof fetch>();
  for (const answer of answers)
    if (answer instanceof Error) send.mockRejectedValueOnce(answer);
    else send.mockResolvedValueOnce(answer);
  const wait = vi.fn(async (_: number) => {});
  const onRefresh = vi.fn();
  const options = { fetch: send, wait, onRefresh };
  return { send, wait, onRefresh, sent: new Commands({ access: 'A', refresh: 'R' }, options) };
}

function header(call: Parameters<typeof fetch> | undefined, name: string) {
  return new Headers(call?.[1]?.headers).get(name);
}

it('a command carries its token, key and revision', async () => {
  const { send, sent } = commands(Response.json({ id: 't' }));
  expect(await sent.send(start)).toEqual({ id: 't' });
  const [call] = send.mock.calls;
  expect(header(call, 'Authorization')).toBe('Bearer A');
  expect(header(call, 'Idempotency-Key')).toBe('k');
  expect(header(call, 'If-Match')).toBe('"7"');
});

it('what was not answered is sent again with the same key', async () => {
  const { send, sent } = commands(new TypeError('offline'), problem(503, 'database-away'), Response.json(1));
  expect(await sent.send(start)).toBe(1);
  expect(send.mock.calls.map((call) => header(call, 'Idempotency-Key'))).toEqual(['k', 'k', 'k']);
});

it('a server that is busy is left alone for as long as it says', async () => {
  const { wait, sent } = commands(problem(429, 'too-many-requests', { 'Retry-After': '3' }), Response.json(1));
  await sent.send(start);
  expect(wait).toHaveBeenCalledWith(3000);
});

it('after several tries the person is asked', async () => {
  const { send, sent } = commands(...Array.from({ length: 9 }, () => new TypeError('offline')));
  const failed = await sent.send(start).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(CommandFailed);
  expect(failed).toMatchObject({ code: 'no-answer', mayRetry: true });
  expect(send).toHaveBeenCalledTimes(4);
});

it('a refusal is not repeated', async () => {
  const { send, sent } = commands(problem(409, 'invalid-transition'));
  await expect(sent.send(start)).rejects.toMatchObject({
    code: 'invalid-transition', message: 'Why not.', mayRetry: false,
  });
  expect(send).toHaveBeenCalledTimes(1);
});

it('an expired token is replaced once', async () => {
  const { send, onRefresh, sent } = commands(
    problem(401, 'unauthenticated'), Response.json({ adminToken: 'B' }), Response.json(1),
  );
  await sent.send(start);
  expect(header(send.mock.calls[1], 'Authorization')).toBe('Bearer R');
  expect(header(send.mock.calls[2], 'Authorization')).toBe('Bearer B');
  expect(onRefresh).toHaveBeenCalledWith('B');
});

it('keys differ', () => {
  expect(new Set(Array.from({ length: 100 }, newKey)).size).toBe(100);
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
});
