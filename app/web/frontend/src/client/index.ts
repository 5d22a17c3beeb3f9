// live-timer-client: watching a room and commanding it, without any framework.

export { Backoff } from './backoff.js';
export { LiveTimerClient, type End, type Link, type Options } from './client.js';
export { ServerClock, type Ticks } from './clock.js';
export { Commands, CommandFailed, newKey, type Command, type Tokens } from './commands.js';
export {
  formatDigits,
  parseDuration,
  phaseOf,
  progressOf,
  remainingAt,
  type Phase,
} from './countdown.js';
export type { Room, RoomState, SentState, Status, Timer } from './protocol.js';
export { Screen } from './screen.js';
