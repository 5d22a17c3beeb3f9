import { expect, it } from 'vitest';

import { ServerClock } from '../src/client/clock.js';

const HOUR = 3_600_000;

function device(start = 0) {
  const ticks = { at: start, set: 0, wall: () => ticks.at + ticks.set, steady: () => ticks.at };
  return ticks;
}

it.each([HOUR, -HOUR, 0])('a device that is %d ms off shows the right time', (off) => {
  const ticks = device(10 * HOUR);
  ticks.set = off;
  const clock = new ServerClock(ticks);
  clock.add(clock.wall(), clock.wall() + 20, 10 * HOUR + 10);
  expect(clock.now()).toBe(10 * HOUR);
  expect(clock.offset + off).toBe(0);
});

it('the quickest answer counts', () => {
  const clock = new ServerClock(device());
  clock.add(0, 400, 390);
  clock.add(1000, 1010, 1005);
  clock.add(2000, 2300, 2290);
  expect(clock.offset).toBe(0);
});

it('an answer from before the clock was set back says nothing', () => {
  const clock = new ServerClock(device());
  clock.add(1000, 500, 99_999);
  expect(clock.known).toBe(false);
});

it('a clock that was set is noticed once, and what was measured before is forgotten', () => {
  const ticks = device();
  const clock = new ServerClock(ticks);
  clock.add(0, 2, 1);
  ticks.at = 1000;
  expect(clock.jumped()).toBe(false);
  ticks.set = HOUR;
  expect(clock.jumped()).toBe(true);
  expect(clock.jumped()).toBe(false);
  clock.add(HOUR + 1000, HOUR + 1100, 1050);
  expect(clock.offset).toBe(-HOUR);
});

it('an old quick answer gives way: the device may have drifted', () => {
  const clock = new ServerClock(device());
  clock.add(0, 2, 1);
  clock.add(HOUR, HOUR + 50, HOUR + 125);
  expect(clock.offset).toBe(100);
});

it('a device that slept shows the right time before it hears of anybody', () => {
  const ticks = device();
  const clock = new ServerClock(ticks);
  clock.add(0, 2, 501);
  // The steady clock stood still meanwhile.
  ticks.set = HOUR;
  expect(clock.jumped()).toBe(true);
  expect(clock.known).toBe(true);
  expect(clock.now()).toBe(HOUR + 500);
});
