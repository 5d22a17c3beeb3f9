// What goes over the wire; docs/protocol.md explains each field.

export type Status = 'idle' | 'running' | 'paused' | 'finished';

export interface Timer {
  id: string;
  roomId: string;
  title: string;
  description: string;
  completionMessage: string;
  position: number;
  duration: number;
  remaining: number;
  status: Status;
  startedAt: number | null;
  endsAt: number | null;
  revision: number;
}

export interface Room {
  id: string;
  name: string;
  description: string;
  shareToken: string;
  currentTimerId: string | null;
  revision: number;
  createdAt: number;
  updatedAt: number;
}

/** The room as an operator's command answers it: without the link. */
export type ChangedRoom = Omit<Room, 'shareToken'> & Partial<Pick<Room, 'shareToken'>>;

export interface RoomState extends Room {
  timers: Timer[];
}

/** A state that is sent, or sent because the database went back: drop what is held. */
export interface SentState extends RoomState {
  restored?: true;
}

export interface Gone {
  id: string;
  revision: number;
}

/** A row of the room's log: who did what, and the fields that it changed. */
export interface Revision {
  revision: number;
  at: number;
  actor: string;
  command: string;
  changes: Changes;
  /** The revision that it takes back, if it is an undo. */
  undoes: number | null;
  /** The revision that took it back, if it is undone by now. */
  undoneBy: number | null;
}

export interface Changes {
  room?: Changed;
  timers?: Record<string, Changed>;
}

/** Fields before and after; what is new or deleted stands there as a whole. */
export type Changed = Record<string, [before: unknown, after: unknown]> | [before: Whole | null, after: Whole | null];

export type Whole = Record<string, unknown>;

/** Ascending; `more` says that some were left out, at the end that `after` does not name. */
export interface RevisionPage {
  revisions: Revision[];
  more: boolean;
}

/** When the room changed with its timer; answers to HTTP commands do not say. */
export interface InRoom {
  updatedAt?: number;
}

/** The server's events that say something about a room, with their payloads. */
export interface Events {
  'room-state': SentState;
  'room-update': ChangedRoom;
  'room-deleted': Gone;
  'timer-created': Timer & InRoom;
  'timer-update': Timer & InRoom;
  'timer-finished': Timer & InRoom;
  'timer-deleted': Gone & InRoom;
  'user-count': { count: number; revision: number };
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = [
  'room-state',
  'room-update',
  'room-deleted',
  'timer-created',
  'timer-update',
  'timer-finished',
  'timer-deleted',
  'user-count',
];
