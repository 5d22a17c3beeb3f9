// What this browser keeps: the rooms that it may command.

export interface KeptRoom {
  shareToken: string;
  id: string | null;
  name: string;
  token: string;
  refreshToken?: string | undefined;
  keptAt: number;
}

const ROOMS = 'live-timer:rooms';
const KEYS = 'live-timer:keys';

/** The rooms, newest first. */
export function keptRooms(): KeptRoom[] {
  try {
    const rooms = JSON.parse(localStorage.getItem(ROOMS) ?? '[]') as KeptRoom[];
    return Array.isArray(rooms) ? rooms.sort((a, b) => b.keptAt - a.keptAt) : [];
  } catch {
    return [];
  }
}

export function keptRoom(shareToken: string): KeptRoom | null {
  return keptRooms().find((room) => room.shareToken === shareToken) ?? null;
}

/** Keeps the room, in place of what was kept of it. */
export function keepRoom(room: KeptRoom): void {
  write([room, ...keptRooms().filter(({ shareToken }) => shareToken !== room.shareToken)]);
}

export function forgetRoom(shareToken: string): void {
  write(keptRooms().filter((room) => room.shareToken !== shareToken));
}

export function shortcutsAreOn(): boolean {
  try {
    return localStorage.getItem(KEYS) !== 'off';
  } catch {
    return true;
  }
}

export function switchShortcuts(on: boolean): void {
  try {
    localStorage.setItem(KEYS, on ? 'on' : 'off');
  } catch {
    // They are on again at the next visit.
  }
}

/** Takes the token out of the address, where it came with one, and cleans the address. */
function tokenFromAddress(): string | null {
  const token = location.hash.slice(1).replace(/^token=/, '');
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/** What the address offers to command the room with. It is kept when the server accepts it. */
export function offeredRoom(shareToken: string): KeptRoom | null {
  const token = tokenFromAddress();
  return token ? { shareToken, id: null, name: shareToken, token, keptAt: Date.now() } : null;
}

/** Whether the token is an owner's, who may issue tokens; the server decides again. */
export function isOwner(token: string): boolean {
  return actorOf(token) === 'owner';
}

/** What the room's log calls the token's holder; empty where the token cannot be read. */
export function actorOf(token: string): string {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { timer_role: role, sub = '' } = JSON.parse(atob(part)) as { timer_role?: string; sub?: string };
    if (role !== 'operator') return 'owner';
    return sub.startsWith('operator:') ? sub : `operator:${sub}`;
  } catch {
    return '';
  }
}

function write(rooms: KeptRoom[]): void {
  try {
    localStorage.setItem(ROOMS, JSON.stringify(rooms));
  } catch {
    // Storage is full or forbidden: the page works until it is closed.
  }
}
