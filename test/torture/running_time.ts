/**
 * Measures the time in which this process ran. Time while it was stopped (SIGSTOP, a sleeping machine) does
 * not count, so that a paused process is not reported as hung.
 *
 * @module
 */

const TICK_MS = 500;
/** Longest delay of a busy process; a longer delay counts as a pause. */
const LATE_MS = 5000;

/** A clock that stops while the process is stopped. */
export class RunningTime implements Disposable {
  private passed = 0;
  private last = performance.now();
  private readonly timer: ReturnType<typeof setInterval>;

  /** @param tick Called twice a second while the process runs, with the seconds so far. */
  constructor(tick: (seconds: number) => void = () => {}) {
    this.timer = setInterval(() => tick(this.seconds), TICK_MS);
  }

  /** Seconds of running time since the clock was made. */
  get seconds(): number {
    return this.secondsAt(performance.now());
  }

  /** The same at a moment of performance.now(), no earlier than any asked for before. */
  secondsAt(now: number): number {
    this.passed += Math.min(now - this.last, LATE_MS);
    this.last = now;
    return this.passed / 1000;
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }
}
