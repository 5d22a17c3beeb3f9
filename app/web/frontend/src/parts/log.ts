// The room's log in words, and what of it can be undone: pure, the words are an argument.

import type { Changed, Revision, Whole } from '../client/protocol.js';
import type { Texts } from '../texts/en.js';

/** For so long an undo is offered after each command. */
export const OFFERED_MS = 10_000;

// What a revision of these did can be taken back; an undo as well, by its revision.
const UNDOABLE = new Set([
  'update-room',
  'create-timer',
  'update-timer',
  'delete-timer',
  'reorder-timers',
  'start-timer',
  'pause-timer',
  'reset-timer',
]);
const OWNERS_FIELDS = ['name', 'description'];
const OPERATOR = 'operator:';
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
// Unicode's marks around a text that runs in a direction of its own: titles here.
const ISOLATE = '\u2068';
const END = '\u2069';

/** What it takes to put a log in words. */
export interface Known {
  /** The revisions that were read, in ascending order. */
  rows: readonly Revision[];
  /** The timers as they are. */
  timers: readonly { id: string; title: string }[];
  /** What the log calls whoever reads it. */
  me: string;
  words: Texts['log'];
}

/** What can be taken back now. */
export interface Offer {
  revision: number;
  /** "Undo: start of Keynote"; titles stand between isolates. */
  what: string;
  /** "by you" */
  who: string;
}

/** One line of the history. */
export interface Line {
  revision: number;
  at: number;
  what: string;
  who: string;
  /** What its button says; null where there is none. */
  action: string | null;
  /** Why there is no button. */
  state: string;
}

/** Returns who did it: "by you", "by operator 3f2a". */
export function author(actor: string, { me, words }: Pick<Known, 'me' | 'words'>): string {
  if (actor === me) return words.by['you'] ?? actor;
  if (!actor.startsWith(OPERATOR)) return words.by[actor] ?? actor;
  const id = actor.slice(OPERATOR.length);
  return words.byOperator(UUID.test(id) ? id.slice(0, 4) : id);
}

/** Returns what a revision did: "start of Keynote". */
export function deed(row: Revision, known: Known): string {
  const { words } = known;
  if (row.undoes !== null) {
    const { command, again } = rootOf(row, known.rows);
    const what = command ? deed(command, known) : words.earlier;
    return again ? words.redoOf(what) : words.undoOf(what);
  }
  const { room, timers = {} } = row.changes;
  if (row.command === 'update-room' && room && !Array.isArray(room)) return roomEdit(room, known);
  const [id, changed] = subject(timers);
  if (row.command === 'update-timer' && changed && !Array.isArray(changed) && changed['title']) {
    const [before, after] = changed['title'];
    return words.renaming(isolated(before), isolated(after));
  }
  return words.commands[row.command]?.(titleOf(id, changed, known)) ?? row.command;
}

/** Returns what is offered at `now`: to take back the newest command, while it is fresh. */
export function offered(known: Known, now: number): Offer | null {
  for (const row of newestFirst(known.rows)) {
    if (row.at <= now - OFFERED_MS) return null;
    if (isInForce(row, known.rows) && isAllowed(row, known)) return offerOf(row, known);
  }
  return null;
}

/** Returns what to say at `now` of an undo that was just made, by whomever; else nothing. */
export function announced(known: Known, now: number): string {
  const row = known.rows.at(-1);
  if (!row || row.undoes === null || row.at <= now - OFFERED_MS) return '';
  const { command, again } = rootOf(row, known.rows);
  const what = command ? deed(command, known) : known.words.earlier;
  const who = author(row.actor, known);
  return plain(again ? known.words.redone(what, who) : known.words.undone(what, who));
}

/** Returns the lines of the history, newest first. */
export function linesOf(known: Known): Line[] {
  const { rows, words } = known;
  return newestFirst(rows).map((row) => {
    const line = { revision: row.revision, at: row.at, what: deed(row, known), who: author(row.actor, known) };
    if (isUndone(row, rows)) return { ...line, action: null, state: words.isUndone };
    if (!isInForce(row, rows)) return { ...line, action: null, state: words.cannotBeUndone };
    if (!isAllowed(row, known)) return { ...line, action: null, state: words.ownersOnly };
    return { ...line, action: actionOn(row, known), state: '' };
  });
}

/**
 * Returns the rows with `more` after them, and with what these undo marked as undone. A
 * redo marks the undo that it takes back, and clears the command that is back in force.
 */
export function extended(rows: readonly Revision[], more: readonly Revision[]): Revision[] {
  let all = [...rows];
  for (const row of more) {
    all.push(row);
    if (row.undoes === null) continue;
    const { command, again } = rootOf(row, all);
    all = all.map((one) => {
      if (one.revision === row.undoes) return { ...one, undoneBy: row.revision };
      return one === command ? { ...one, undoneBy: again ? null : row.revision } : one;
    });
  }
  return all;
}

/** Returns what an undo found changed since, by the fields that its refusal names. */
export function inTheWay(fields: readonly string[], timers: Known['timers'], words: Texts['log']): string {
  const names = fields.map((field) => {
    const [, id] = field.split('.');
    if (!field.startsWith('timers.')) return words.room;
    return timers.find((timer) => timer.id === id)?.title ?? words.deleted;
  });
  return [...new Set(names)].join(', ');
}

/** Returns a text without the isolates around its titles. */
export function plain(text: string): string {
  return text.replaceAll(ISOLATE, '').replaceAll(END, '');
}

/** Returns a text in pieces: each second one is a title. */
export function pieces(text: string): string[] {
  return text.split(/[\u2068\u2069]/);
}

function newestFirst(rows: readonly Revision[]): Revision[] {
  return [...rows].reverse();
}

function offerOf(row: Revision, known: Known): Offer {
  const { words, rows } = known;
  const who = author(row.actor, known);
  if (row.undoes === null)
    return { revision: row.revision, what: words.of(words.undo, deed(row, known)), who };
  const { command, again } = rootOf(row, rows);
  const what = words.of(actionOn(row, known), command ? deed(command, known) : words.earlier);
  return { revision: row.revision, what, who: again ? who : words.redoBy(who) };
}

function actionOn(row: Revision, { rows, words }: Known): string {
  return row.undoes === null || rootOf(row, rows).again ? words.undo : words.redo;
}

function isInForce(row: Revision, rows: readonly Revision[]): boolean {
  return (UNDOABLE.has(row.command) || row.undoes !== null) && !isUndone(row, rows);
}

/** Whether the reader may undo it; the server decides again. */
function isAllowed({ changes: { room } }: Revision, { me }: Known): boolean {
  return me === 'owner' || !room || !OWNERS_FIELDS.some((name) => name in room);
}

function isUndone(row: Revision, rows: readonly Revision[]): boolean {
  if (row.undoneBy !== null) return true;
  if (row.undoes === null) return false;
  const { command, again } = rootOf(row, rows);
  // A redo is undone as well when the command that it brought back is undone by name.
  return again && command !== undefined && command.undoneBy !== null;
}

/** The command that an undo comes to in the end, and whether that is in force by it. */
function rootOf(undo: Revision, rows: readonly Revision[]): { command: Revision | undefined; again: boolean } {
  const find = (revision: number | null) => rows.find((row) => row.revision === revision);
  let again = false;
  let command = find(undo.undoes);
  while (command && command.undoes !== null) {
    again = !again;
    command = find(command.undoes);
  }
  return { command, again };
}

function roomEdit(room: Record<string, [unknown, unknown]>, known: Known): string {
  const { words } = known;
  const names = Object.keys(room);
  const shown = room['currentTimerId'];
  if (names.length === 1 && shown) {
    const id = shown[1];
    return typeof id === 'string' ? words.showing(titleOf(id, undefined, known)) : words.showingNothing;
  }
  if (names.length === 1 && room['name']) return words.roomName;
  return words.commands['update-room']?.('') ?? '';
}

/** The timer that a command was about: others at most moved by it. */
function subject(timers: Record<string, Changed>): [id: string, changed: Changed | undefined] {
  const all = Object.entries(timers);
  return all.find(([, changed]) => Array.isArray(changed)) ?? all[0] ?? ['', undefined];
}

function titleOf(id: string, changed: Changed | undefined, { rows, timers, words }: Known): string {
  const title =
    titleIn(changed) ??
    timers.find((timer) => timer.id === id)?.title ??
    newestFirst(rows).map((row) => titleIn(row.changes.timers?.[id])).find((known) => known !== undefined);
  return title === undefined ? words.timer : isolated(title);
}

function titleIn(changed: Changed | undefined): string | undefined {
  if (!Array.isArray(changed)) return changed?.['title']?.[1] as string | undefined;
  const whole: Whole | null = changed[1] ?? changed[0];
  return whole?.['title'] as string | undefined;
}

function isolated(title: unknown): string {
  return ISOLATE + plain(String(title)) + END;
}
