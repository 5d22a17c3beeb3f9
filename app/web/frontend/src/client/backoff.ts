/**
 * Waits that grow and never end, each drawn from a range so that a hall of clients that
 * lost the same server does not come back at the same moment.
 */
export class Backoff {
  #tries = 0;

  constructor(
    private readonly first: number,
    private readonly most: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** The next wait in milliseconds. */
  next(): number {
    const whole = Math.min(this.most, this.first * 2 ** Math.min(this.#tries, 16));
    this.#tries += 1;
    return whole * (0.5 + this.random() / 2);
  }

  /** Begins again: the last try succeeded. */
  reset(): void {
    this.#tries = 0;
  }
}
