// The Node.js peer: one process, or as many workers as WEB_CONCURRENCY says.

import cluster from 'node:cluster';
import { createServer } from 'node:http';

import { createClient } from 'redis';

import { createApi } from './api.js';
import { runFinisher } from './finisher.js';
import { createLog } from './revisions.js';
import { settings } from './settings.js';
import { serveViewers } from './viewers.js';

async function serve() {
  const redis = await connect();
  // A connection that subscribes does nothing else.
  const subscriber = await connect();
  const server = createServer(createApi(redis));
  // Node's own 5 s would close connections that operators keep between two commands.
  server.keepAliveTimeout = 75_000;
  serveViewers(server, redis, subscriber);
  runFinisher();
  server.listen({ port: settings.port, host: settings.host, backlog: 2048 });
}

function connect() {
  return createClient({ url: settings.redisUrl }).on('error', console.error).connect();
}

if (cluster.isPrimary) await createLog();
if (settings.workers > 1 && cluster.isPrimary) {
  for (let worker = 0; worker < settings.workers; worker += 1) cluster.fork();
} else {
  await serve();
}
