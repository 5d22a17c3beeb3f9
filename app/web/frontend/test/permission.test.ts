import { expect, it, vi } from 'vitest';

import { Commands } from '../src/client/commands.js';
import { choose, mayCommand } from '../src/parts/permission.js';
import type { KeptRoom } from '../src/parts/storage.js';

function permission(role: 'owner' | 'operator', note: string): KeptRoom {
  const claims = role === 'operator' ? { timer_role: role, note } : { note };
  const token = `e30.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.x`;
  return { shareToken: 's', id: null, name: note, token, keptAt: 0 };
}

const owner = permission('owner', 'kept by the owner');
const operator = permission('operator', 'kept by an operator');
const ownersLink = permission('owner', 'a link of the owner');
const link = permission('operator', 'a link for operators');

/** A server that accepts these and refuses all others. */
function server(...accepted: KeptRoom[]) {
  return vi.fn((room: KeptRoom) => Promise.resolve(accepted.includes(room)));
}

it('a link is taken when the server accepts it', async () => {
  expect(await choose(null, link, server(link))).toBe(link);
});

it('a link that the server refuses is not taken', async () => {
  expect(await choose(null, link, server())).toBeNull();
});

it('a refused link displaces nothing, however good it claims to be', async () => {
  expect(await choose(operator, ownersLink, server(operator))).toBe(operator);
  expect(await choose(owner, ownersLink, server(owner))).toBe(owner);
  expect(await choose(owner, link, server())).toBe(owner);
});

it('an operators’ link does not displace an owner’s permission', async () => {
  const accepts = server(owner, link);
  expect(await choose(owner, link, accepts)).toBe(owner);
  expect(accepts).toHaveBeenCalledTimes(1);
});

it('an owner’s link displaces an operator’s permission', async () => {
  expect(await choose(operator, ownersLink, server(operator, ownersLink))).toBe(ownersLink);
});

it('of two operators’ permissions the newer one is taken', async () => {
  expect(await choose(operator, link, server(operator, link))).toBe(link);
});

it('what the server accepts displaces what has expired', async () => {
  expect(await choose(owner, link, server(link))).toBe(link);
  expect(await choose(operator, link, server(link))).toBe(link);
});

it('where the server does not say, nothing is decided', async () => {
  const silent = () => Promise.resolve(null);
  expect(await choose(null, link, silent)).toBeUndefined();
  expect(await choose(owner, link, silent)).toBeUndefined();
});

it.each([
  [200, {}, true],
  [401, { code: 'unauthenticated' }, false],
  [403, { code: 'forbidden' }, false],
  [429, { code: 'too-many-requests' }, null],
  [503, { code: 'database-away' }, null],
])('the server is asked with a change of nothing: %i', async (status, body, verdict) => {
  const send = vi.fn(() => Promise.resolve(Response.json(body, { status })));
  const wait = () => Promise.resolve();
  const commands = new Commands({ access: 'A' }, { fetch: send as typeof fetch, wait });
  expect(await mayCommand(commands, 'r')).toBe(verdict);
  expect(send).toHaveBeenCalledWith('/api/rooms/r', expect.objectContaining({ method: 'PUT', body: '{}' }));
});
