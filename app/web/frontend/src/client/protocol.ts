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
