// The state machine of a countdown: pure functions; rows in, changed columns out.

import { invalidTransition } from './problems.js';

export const isOver = (timer, now) => timer.status === 'running' && timer.ends_at <= now;

export function start(timer, now) {
  if (timer.status === 'running') return timer;
  const fresh = timer.status === 'finished' ? reset(timer) : timer;
  return {
    ...fresh,
    status: 'running',
    started_at: fresh.started_at ?? now,
    ends_at: now + fresh.remaining,
  };
}

export function pause(timer, now) {
  if (timer.status === 'paused') return timer;
  if (timer.status !== 'running') throw invalidTransition(timer.status);
  return { ...timer, status: 'paused', remaining: timer.ends_at - now, ends_at: null };
}

export function reset(timer) {
  if (timer.status === 'idle') return timer;
  return { ...timer, status: 'idle', remaining: timer.duration, started_at: null, ends_at: null };
}

export const finish = (timer) => ({ ...timer, status: 'finished', remaining: 0 });
