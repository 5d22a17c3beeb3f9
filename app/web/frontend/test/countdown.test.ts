import { describe, expect, it } from 'vitest';

import { formatDigits, parseDuration, phaseOf, progressOf, remainingAt } from '../src/client/countdown.js';
import { timer } from './things.js';

describe('the digits', () => {
  it.each([
    [60_000, '1:00'],
    [59_999, '1:00'],
    [59_000, '0:59'],
    [1, '0:01'],
    [0, '0:00'],
    [-1, '0:00'],
    [-999, '0:00'],
    [-1000, '+0:01'],
    [-65_500, '+1:05'],
    [3_600_000, '1:00:00'],
    [3_599_000, '59:59'],
    [86_400_000, '24:00:00'],
    [-3_600_000, '+1:00:00'],
  ])('of %d ms are %s', (remaining, digits) => expect(formatDigits(remaining)).toBe(digits));
});

describe('what is left', () => {
  it('of a running timer ends at its end', () => {
    const running = timer('a', 1, { status: 'running', endsAt: 5000 });
    expect(remainingAt(running, 3000)).toBe(2000);
    expect(remainingAt(running, 6000)).toBe(-1000);
  });

  it('of a finished timer is its overtime', () => {
    const finished = timer('a', 1, { status: 'finished', remaining: 0, endsAt: 5000 });
    expect(remainingAt(finished, 8000)).toBe(-3000);
  });

  it('of a paused timer stands still', () => {
    const paused = timer('a', 1, { status: 'paused', remaining: 1234 });
    expect(remainingAt(paused, 8000)).toBe(1234);
  });
});

describe('the phase', () => {
  const running = timer('a', 1, { status: 'running' });
  it.each([
    [120_001, 'normal'],
    [120_000, 'warning'],
    [30_001, 'warning'],
    [30_000, 'critical'],
    [1, 'critical'],
    [0, 'over'],
  ])('with %d ms left is %s', (remaining, phase) => expect(phaseOf(running, remaining)).toBe(phase));

  it('of a timer that does not run is its status', () => {
    expect(phaseOf(timer('a', 1), 10)).toBe('idle');
    expect(phaseOf(timer('a', 1, { status: 'paused' }), 10)).toBe('paused');
  });
});

it('progress stays between nothing and all', () => {
  expect(progressOf(timer('a', 1), 60_000)).toBe(0);
  expect(progressOf(timer('a', 1), 15_000)).toBe(0.75);
  expect(progressOf(timer('a', 1), -9)).toBe(1);
});

it.each([
  ['5', 300_000],
  [' 5:30 ', 330_000],
  ['1:05:30', 3_930_000],
  ['0:01', 1000],
  ['90', 5_400_000],
  ['24:00:00', 86_400_000],
  ['24:00:01', null],
  ['0', null],
  ['5:61', null],
  ['', null],
  ['-5', null],
  ['1:2:3:4', null],
  ['five', null],
])('%j is %s ms', (text, duration) => expect(parseDuration(text)).toBe(duration));
