// The HTTP API.

import express from 'express';

import { claimsOf, requiredClaimsOf } from './auth.js';
import { pool } from './database.js';
import { renderProblem } from './problems.js';
import { createRoom, currentState } from './rooms.js';
import { commandTimer, createTimer } from './timers.js';

export function createApi(redis) {
  const app = express();
  app.disable('x-powered-by');
  // As in the product, only a room's state has an ETag.
  app.disable('etag');
  const json = express.json({ limit: '64kb' });

  app.post('/api/rooms', json, async (request, response) => {
    response.status(201).json(await createRoom(claimsOf(request), request.body));
  });
  app.post('/api/rooms/:id/timers', json, async (request, response) => {
    const claims = requiredClaimsOf(request);
    response.status(201).json(await createTimer(claims, request.params.id, request.body));
  });
  for (const command of ['start', 'pause', 'reset']) {
    app.post(`/api/timers/:id/${command}`, async (request, response) => {
      const claims = requiredClaimsOf(request);
      response.json(await commandTimer(claims, request.params.id, command));
    });
  }
  app.get('/api/rooms/:shareToken', showState);
  app.get('/health', async (_request, response) => {
    const database = await pool.query('SELECT 1').then(() => 'up', () => 'down');
    const status = database === 'down' ? 'down' : redis.isReady ? 'ok' : 'degraded';
    response.status(database === 'down' ? 503 : 200)
      .json({ status, database, redis: redis.isReady ? 'up' : 'down' });
  });
  app.use(renderProblem);
  return app;
}

async function showState(request, response) {
  const state = await currentState(request.params.shareToken);
  const etag = `"${state.revision}"`;
  response.set({ ETag: etag, 'Server-Time': String(Date.now()), 'Cache-Control': 'no-cache' });
  if (request.headers['if-none-match'] === etag) response.status(304).end();
  else response.json({ serverTime: Date.now(), ...state });
}
