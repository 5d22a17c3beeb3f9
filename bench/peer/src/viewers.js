// Socket.IO: what viewers ask for, and how it is answered.

import { createAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';

import { Presence } from './presence.js';
import { notFound, Refusal } from './problems.js';
import { publishThrough } from './publishing.js';
import { currentState, roomIdOf } from './rooms.js';

export function serveViewers(httpServer, redis, subscriber) {
  // perMessageDeflate stays off, the default: then a broadcast is framed only once.
  const io = new Server(httpServer, {
    adapter: createAdapter(redis, subscriber),
    maxHttpBufferSize: 16 * 1024,
    serveClient: false,
  });
  publishThrough(io);
  const presence = new Presence(io, redis);
  presence.run();
  io.on('connection', (socket) => answer(socket, presence));
  return io;
}

function answer(socket, presence) {
  socket.on('join-room', (payload, acknowledge) =>
    joinRoom(socket, presence, payload).then(
      (done) => acknowledge?.(done),
      (error) => refuse(socket, error, acknowledge)));
  socket.on('request-sync', (payload, acknowledge) =>
    sync(socket, payload).then(
      (done) => acknowledge?.(done),
      (error) => refuse(socket, error, acknowledge)));
  socket.on('ping', (...args) => {
    const acknowledge = args.at(-1);
    const time = { serverTime: Date.now() };
    if (typeof acknowledge === 'function') acknowledge(time);
    else socket.emit('pong', time);
  });
}

async function joinRoom(socket, presence, payload) {
  const { shareToken } = payload ?? {};
  if (typeof shareToken !== 'string') throw notFound();
  const room = await roomIdOf(shareToken);
  if (socket.data.room) await socket.leave(socket.data.room);
  // The room first and the state second, so that nothing falls between.
  await socket.join(room);
  socket.data = { room, shareToken };
  const state = await currentState(shareToken).catch(async (error) => {
    await socket.leave(room);
    throw error;
  });
  presence.revisions.set(state.id, state.revision);
  socket.emit('room-state', { serverTime: Date.now(), ...state });
  socket.emit('user-count', presence.payload(state.id));
  return { ok: true, roomId: state.id, revision: state.revision };
}

async function sync(socket, payload) {
  const { shareToken } = socket.data;
  if (!shareToken) throw notFound();
  const state = await currentState(shareToken);
  if (payload?.revision === state.revision) return { upToDate: true, revision: state.revision };
  socket.emit('room-state', { serverTime: Date.now(), ...state });
  return { upToDate: false, revision: state.revision };
}

function refuse(socket, error, acknowledge) {
  const known = error instanceof Refusal;
  if (!known) console.error(error);
  const refusal = known
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: 'The server failed.' };
  socket.emit('error', refusal);
  acknowledge?.({ ok: false, error: refusal });
}
