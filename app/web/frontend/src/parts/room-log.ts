import { CommandFailed } from '../client/commands.js';
import type { Revision, RevisionPage } from '../client/protocol.js';
import { extended } from './log.js';

// What comes together is asked for together.
const SOON_MS = 300;
const MOST_AHEAD = 500;
const PAGE = 100;

interface Options {
  /** Reads a page: the newest one, or what comes after a revision. */
  read: (query: string) => Promise<RevisionPage>;
  changed: () => void;
  /** Whether anybody looks; what happens meanwhile is read afterwards. */
  wanted: () => boolean;
  wait?: (milliseconds: number) => Promise<void>;
}

/**
 * The room's log as far as the desk has read it.
 *
 * It reads when it is told of a newer revision, once for each; what fails is left until
 * the next one. Nothing is asked for while nothing happens.
 */
export class RoomLog {
  /** In ascending order; the log may have gaps. */
  rows: readonly Revision[] = [];
  /** Whether there are older rows that were not read. */
  older = false;
  /** Whether a person who asked for rows waits for them, or did so in vain. */
  state: 'idle' | 'reading' | 'failed' = 'idle';
  /** Up to which revision the log was asked for, or need not be: null before the first. */
  #asked: number | null = null;
  #noticed = 0;
  #busy = false;

  constructor(private readonly options: Options) {}

  /** Is told the room's revision, as often as one likes. */
  notice(revision: number): void {
    // The database went back: what was read may be of revisions that it has lost.
    if (revision < this.#noticed) this.rows = [];
    if (this.#asked === null || revision < this.#noticed) this.#asked = revision;
    this.#noticed = revision;
    if (revision > this.#asked && !this.#busy && this.options.wanted()) void this.#readSoon();
  }

  /** Reads the newest rows, for a person to see. */
  async open(): Promise<void> {
    await this.#forPerson(() => this.#readNewest());
  }

  /** Reads rows before the oldest one that is known. */
  async readOlder(): Promise<void> {
    const [oldest] = this.rows;
    if (!oldest) return;
    await this.#forPerson(async () => {
      const found = await this.#before(oldest.revision);
      this.older = found.length > 0 && found[0]!.revision > 1;
      this.rows = [...found, ...this.rows];
    });
  }

  async #readSoon(): Promise<void> {
    this.#busy = true;
    await this.#wait(SOON_MS);
    try {
      if (this.options.wanted()) await this.#readOn();
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
    } finally {
      this.#busy = false;
    }
    this.options.changed();
    // What came while it was read.
    this.notice(this.#noticed);
  }

  async #readOn(): Promise<void> {
    this.#asked = this.#noticed;
    const last = this.rows.at(-1)?.revision;
    if (last === undefined) return this.#readNewest();
    const { revisions, more } = await this.options.read(`after=${last}`);
    // Much has happened while nobody looked.
    if (more) return this.#readNewest();
    if (this.rows.at(-1)?.revision !== last) return;
    const rows = extended(this.rows, revisions);
    this.older ||= rows.length > MOST_AHEAD;
    this.rows = rows.slice(-MOST_AHEAD);
  }

  async #readNewest(): Promise<void> {
    const { revisions, more } = await this.options.read(`limit=${PAGE}`);
    this.rows = revisions;
    this.older = more;
  }

  /** Looks back ever further, as there may be gaps; returns all rows in between. */
  async #before(revision: number): Promise<Revision[]> {
    for (let back = PAGE; ; back *= 4) {
      const found: Revision[] = [];
      let after = Math.max(0, revision - 1 - back);
      const last = after === 0;
      for (let more = true; more; ) {
        const page = await this.options.read(`after=${after}&limit=${PAGE}`);
        const older = page.revisions.filter((row) => row.revision < revision);
        found.push(...older);
        more = page.more && older.length === page.revisions.length;
        after = older.at(-1)?.revision ?? after;
      }
      if (found.length || last) return found;
    }
  }

  async #forPerson(read: () => Promise<void>): Promise<void> {
    this.#become('reading');
    try {
      await read();
      this.#become('idle');
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      this.#become('failed');
    }
  }

  #become(state: RoomLog['state']): void {
    this.state = state;
    this.options.changed();
  }

  #wait(milliseconds: number): Promise<void> {
    const { wait } = this.options;
    return wait ? wait(milliseconds) : new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}
