// How many watch each room over all workers; told at most once a second.

import { randomUUID } from 'node:crypto';

const PREFIX = 'peer:presence';
const EXPIRY_MS = 15_000;
const INTERVAL_MS = 1000;

export class Presence {
  constructor(io, redis) {
    this.io = io;
    this.redis = redis;
    this.worker = randomUUID();
    this.elsewhere = new Map();
    this.sent = new Map();
    this.revisions = new Map();
  }

  here(room) {
    return this.io.of('/').adapter.rooms.get(room)?.size ?? 0;
  }

  payload(room) {
    return {
      count: this.here(room) + (this.elsewhere.get(room) ?? 0),
      revision: this.revisions.get(room) ?? 0,
      serverTime: Date.now(),
    };
  }

  run() {
    const again = () => setTimeout(() => this.tell().catch(console.error).finally(again), INTERVAL_MS);
    again();
  }

  async tell() {
    const rooms = [...this.revisions.keys()].filter((room) => this.here(room) > 0);
    await this.exchange(rooms);
    const sent = new Map();
    for (const room of rooms) {
      const payload = this.payload(room);
      sent.set(room, payload.count);
      if (this.sent.get(room) !== payload.count) {
        this.io.local.to(room).emit('user-count', payload);
      }
    }
    this.sent = sent;
  }

  async exchange(rooms) {
    const now = Date.now();
    const mine = `${PREFIX}:${this.worker}`;
    const counts = Object.fromEntries(rooms.map((room) => [room, String(this.here(room))]));
    await this.redis.multi().del(mine).hSet(mine, { '': '0', ...counts }).pExpire(mine, EXPIRY_MS)
      .zAdd(PREFIX, { score: now, value: this.worker }).exec();
    await this.redis.zRemRangeByScore(PREFIX, 0, now - EXPIRY_MS);
    const workers = await this.redis.zRange(PREFIX, 0, -1);
    const others = workers.filter((worker) => worker !== this.worker);
    const hashes = await Promise.all(
      others.map((worker) => this.redis.hGetAll(`${PREFIX}:${worker}`)));
    this.elsewhere = new Map();
    for (const [room, count] of hashes.flatMap(Object.entries)) {
      this.elsewhere.set(room, (this.elsewhere.get(room) ?? 0) + Number(count));
    }
  }
}
