// Whether a permission is taken: the server says so, and a better one is never displaced.

import { CommandFailed, type Commands } from '../client/commands.js';
import { isOwner, type KeptRoom } from './storage.js';

/** Whether the server lets a permission command the room; null where it does not say. */
export type Verdict = boolean | null;

/** Asks the server, with a change of nothing. */
export async function mayCommand(commands: Commands, roomId: string): Promise<Verdict> {
  try {
    await commands.send({ method: 'PUT', path: `/api/rooms/${roomId}`, body: {} });
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return error.mayRetry ? null : false;
  }
}

/**
 * Chooses between what this browser keeps and what a link offers; undefined where the
 * server does not say. An owner's permission is better than an operator's, one that the
 * server accepts than one that it refuses, and of two operators' the link's is newer.
 */
export async function choose(
  kept: KeptRoom | null,
  offered: KeptRoom,
  accepts: (room: KeptRoom) => Promise<Verdict>,
): Promise<KeptRoom | null | undefined> {
  if (kept && isOwner(kept.token)) {
    const stands = await accepts(kept);
    if (stands === null) return undefined;
    if (stands) return kept;
  }
  const accepted = await accepts(offered);
  if (accepted === null) return undefined;
  return accepted ? offered : kept;
}
