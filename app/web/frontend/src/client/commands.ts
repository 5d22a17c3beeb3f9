import { Backoff } from './backoff.js';

const TRIES = 4;
const FIRST_WAIT_MS = 400;
const MOST_WAIT_MS = 4_000;
const TIMEOUT_MS = 8_000;
const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface Tokens {
  access: string;
  /** With it a new access token is fetched when the old one has expired. */
  refresh?: string | undefined;
}

export interface Command {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: object;
  /** The room's revision that the command insists on. */
  revision?: number;
  /** Makes a repetition safe; a new one for each thing that a person wants changed. */
  key?: string;
  /** How often it is sent at most, where nobody or a busy server answers. */
  tries?: number;
}

/** A command that was refused, or of which nobody knows whether it arrived. */
export class CommandFailed extends Error {
  constructor(
    /** The code of the problem document, or `no-answer`. */
    readonly code: string,
    message: string,
    /** Whether the same command may be sent again, with its key. */
    readonly mayRetry: boolean,
    /** What it is about, as far as the answer names it: `title`, `timers.<id>.title`. */
    readonly fields: readonly string[] = [],
  ) {
    super(message);
  }
}

/** A key that nobody guesses, also where the page came without TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sends commands with a token, and again with the same key until there is an answer. */
export class Commands {
  constructor(
    private tokens: Tokens | null,
    private readonly options: {
      url?: string;
      onRefresh?: (access: string) => void;
      wait?: (milliseconds: number) => Promise<void>;
      fetch?: typeof fetch;
    } = {},
  ) {}

  /** Returns the answer's body, undefined where it has none. */
  async send<Answer>(command: Command): Promise<Answer> {
    const backoff = new Backoff(FIRST_WAIT_MS, MOST_WAIT_MS);
    let refreshed = false;
    for (let left = (command.tries ?? TRIES) - 1; ; left -= 1) {
      const response = await this.#try(command);
      if (response?.ok) return (await body(response)) as Answer;
      if (response?.status === 401 && !refreshed && (await this.#refresh())) {
        refreshed = true;
        continue;
      }
      if (response && !TRY_AGAIN.has(response.status)) throw await refusal(response, false);
      if (left <= 0)
        throw response
          ? await refusal(response, true)
          : new CommandFailed('no-answer', 'The server does not answer.', true);
      await this.#wait(Math.max(backoff.next(), retryAfter(response)));
    }
  }

  async #try(command: Command): Promise<Response | null> {
    const headers: Record<string, string> = {};
    if (command.key) headers['Idempotency-Key'] = command.key;
    if (this.tokens) headers['Authorization'] = `Bearer ${this.tokens.access}`;
    if (command.body) headers['Content-Type'] = 'application/json';
    if (command.revision !== undefined) headers['If-Match'] = `"${command.revision}"`;
    return this.#fetch(command.path, {
      method: command.method,
      headers,
      body: command.body ? JSON.stringify(command.body) : null,
    });
  }

  async #refresh(): Promise<boolean> {
    if (!this.tokens?.refresh) return false;
    const response = await this.#fetch('/api/auth/refresh', {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.tokens.refresh}` },
    });
    if (!response?.ok) return false;
    const { adminToken } = (await response.json()) as { adminToken: string };
    this.tokens = { ...this.tokens, access: adminToken };
    this.options.onRefresh?.(adminToken);
    return true;
  }

  async #fetch(path: string, request: RequestInit): Promise<Response | null> {
    const { url = '', fetch: send = fetch } = this.options;
    try {
      return await send(url + path, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      return null;
    }
  }

  #wait(milliseconds: number): Promise<void> {
    const { wait } = this.options;
    return wait
      ? wait(milliseconds)
      : new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

async function body(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : response.json();
}

async function refusal(response: Response, mayRetry: boolean): Promise<CommandFailed> {
  try {
    const problem = (await response.json()) as Problem;
    const fields = Object.values(problem.errors ?? {}).flat();
    const words = [problem.detail, ...fields].filter((text) => typeof text === 'string');
    return new CommandFailed(problem.code, words.join(' '), mayRetry, Object.keys(problem.errors ?? {}));
  } catch {
    return new CommandFailed(`http-${response.status}`, response.statusText, mayRetry);
  }
}

interface Problem {
  code: string;
  detail?: string;
  errors?: Record<string, unknown>;
}

function retryAfter(response: Response | null): number {
  const seconds = Number(response?.headers.get('Retry-After') ?? 0);
  return Math.min(Number.isFinite(seconds) ? seconds : 0, 10) * 1000;
}
