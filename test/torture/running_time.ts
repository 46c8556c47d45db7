/**
 * Time in which this process ran: what it spent stopped (SIGSTOP, a machine asleep) does not count, so
 * that nobody who was paused is taken for somebody who hangs.
 *
 * @module
 */

const TICK_MS = 500;
/** A busy process is late by so much; what is later was a pause. */
const LATE_MS = 5000;

/** A clock that stands while the process does. */
export class RunningTime implements Disposable {
  private passed = 0;
  private last = performance.now();
  private readonly timer: ReturnType<typeof setInterval>;

  /** @param tick Called twice a second while the process runs, with the seconds so far. */
  constructor(tick: (seconds: number) => void = () => {}) {
    this.timer = setInterval(() => tick(this.seconds), TICK_MS);
  }

  /** Seconds run since the clock was made. */
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
