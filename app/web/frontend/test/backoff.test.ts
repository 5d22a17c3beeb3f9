import { expect, it } from 'vitest';

import { Backoff } from '../src/client/backoff.js';

it('waits longer and longer, up to a limit, for ever', () => {
  const backoff = new Backoff(1000, 8000, () => 1);
  const waits = Array.from({ length: 2000 }, () => backoff.next());
  expect(waits.slice(0, 5)).toEqual([1000, 2000, 4000, 8000, 8000]);
  expect(waits.at(-1)).toBe(8000);
});

it('draws each wait from a range', () => {
  expect(new Backoff(1000, 8000, () => 0).next()).toBe(500);
});

it('begins again after a success', () => {
  const backoff = new Backoff(1000, 8000, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});
