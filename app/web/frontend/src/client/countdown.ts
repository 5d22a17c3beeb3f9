import type { Timer } from './protocol.js';

/** How much time is left; negative is overtime. */
export function remainingAt(timer: Timer, serverNow: number): number {
  if (timer.endsAt !== null) return timer.endsAt - serverNow;
  return timer.remaining;
}

export type Phase = 'idle' | 'paused' | 'normal' | 'warning' | 'critical' | 'over';

const WARNING_MS = 2 * 60_000;
const CRITICAL_MS = 30_000;

/** Which phase a timer with `remaining` is in. */
export function phaseOf(timer: Timer, remaining: number): Phase {
  if (timer.status === 'idle') return 'idle';
  if (timer.status === 'paused') return 'paused';
  if (remaining <= 0) return 'over';
  if (remaining <= CRITICAL_MS) return 'critical';
  return remaining <= WARNING_MS ? 'warning' : 'normal';
}

/** How much of the timer has passed, from 0 to 1. */
export function progressOf(timer: Timer, remaining: number): number {
  return Math.min(1, Math.max(0, 1 - remaining / timer.duration));
}

/**
 * The digits for `remaining`: `1:05:09`, `5:09`, and overtime as `+0:03`.
 *
 * A second is shown until it has passed, so that 0:00 stands where the time is up.
 */
export function formatDigits(remaining: number): string {
  const seconds = Math.ceil(remaining / 1000);
  const digits = formatSeconds(Math.abs(seconds));
  return seconds < 0 ? `+${digits}` : digits;
}

function formatSeconds(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const two = (number: number) => String(number).padStart(2, '0');
  const tail = `${two(seconds % 60)}`;
  return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** Milliseconds of `5`, `5:30` or `1:05:30` (a lone number is minutes), else null. */
export function parseDuration(text: string): number | null {
  const parts = text.trim().split(':');
  if (parts.length > 3 || !parts.every((part) => /^\d{1,4}$/.test(part))) return null;
  const numbers = parts.map(Number);
  if (numbers.slice(1).some((number) => number > 59)) return null;
  if (numbers.length === 1) numbers.push(0);
  const duration = numbers.reduce((sum, number) => sum * 60 + number, 0) * 1000;
  return duration >= 1000 && duration <= 86_400_000 ? duration : null;
}
