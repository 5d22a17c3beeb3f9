import type { Timer } from '../src/client/protocol.js';

export function timer(id: string, revision: number, more: Partial<Timer> = {}): Timer {
  return {
    id, revision, roomId: 'r', title: id, description: '', completionMessage: '', position: 0,
    duration: 60_000, remaining: 60_000, status: 'idle', startedAt: null, endsAt: null, ...more,
  };
}
