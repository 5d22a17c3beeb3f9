// After this the device's clock may have drifted from what was measured: 20 ms at 30 ppm.
const KEEP_MS = 10 * 60_000;
const KEEP_SAMPLES = 12;
// Beyond this the device's clock was set, or the device slept.
const JUMP_MS = 250;

interface Sample {
  offset: number;
  roundTrip: number;
  at: number;
}

/** Times by which a clock is read; replaced in tests. */
export interface Ticks {
  /** Milliseconds since the epoch, by the device. */
  wall(): number;
  /** Milliseconds that never go back, from any beginning. */
  steady(): number;
}

export const deviceTicks: Ticks = {
  // Not performance.timeOrigin + now(): on some systems that stands still in sleep.
  wall: () => Date.now(),
  steady: () => performance.now(),
};

/** The server's clock, as far as it can be known here. */
export class ServerClock {
  #ticks: Ticks;
  #samples: Sample[] = [];
  #offset = 0;
  #known = false;
  #between: number;

  constructor(ticks: Ticks = deviceTicks) {
    this.#ticks = ticks;
    this.#between = ticks.wall() - ticks.steady();
  }

  /** What to add to the device's clock: signed, and as large as it is. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether the server has ever told its time. */
  get known(): boolean {
    return this.#known;
  }

  /** The server's time. */
  now(): number {
    return this.wall() + this.#offset;
  }

  /** The device's time, for `add`. */
  wall(): number {
    return this.#ticks.wall();
  }

  /** Takes in the server's time, asked for at `sentAt` and here at `receivedAt`. */
  add(sentAt: number, receivedAt: number, serverTime: number): void {
    const roundTrip = receivedAt - sentAt;
    // The device's clock was set in between: the sample says nothing.
    if (roundTrip < 0) return;
    const offset = serverTime - (sentAt + receivedAt) / 2;
    const recent = this.#samples.filter((sample) => receivedAt - sample.at < KEEP_MS);
    this.#samples = [...recent, { offset, roundTrip, at: receivedAt }].slice(-KEEP_SAMPLES);
    this.#offset = quickest(this.#samples).offset;
    this.#known = true;
  }

  /**
   * Tells whether the device slept or its clock was set since the last call; what was
   * measured before then holds until, and no longer outvotes, what is measured next: a
   * device that slept shows the right time at once, also without network.
   */
  jumped(): boolean {
    const between = this.#ticks.wall() - this.#ticks.steady();
    const jumped = Math.abs(between - this.#between) > JUMP_MS;
    this.#between = between;
    if (jumped) this.#samples = [];
    return jumped;
  }
}

function quickest(samples: Sample[]): Sample {
  return samples.reduce((best, sample) =>
    sample.roundTrip <= best.roundTrip ? sample : best,
  );
}
