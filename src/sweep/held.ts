/**
 * What a sweep says about runs that wait for another machine.
 *
 * @module
 */
import { runDirectory } from "../core/paths.ts";
import { lockHolder } from "../run/lock.ts";

/** Says once for each run which process of another machine holds it, and what to do. */
export class HeldNotices {
  private readonly said = new Set<string>();

  /**
   * A sentence; null if it was said before, or if no other machine holds the run. A process of this machine
   * needs none: if it dies, its lock is free.
   */
  about(name: string): string | null {
    const holder = lockHolder(runDirectory(name));
    if (holder === null || holder.otherHost === null) return null;
    const sentence =
      `${name} waits for ${holder.words} to finish it; if that process is gone, stop ` +
      `the sweep and start it again with --take-over ${holder.otherHost}`;
    if (this.said.has(sentence)) return null;
    this.said.add(sentence);
    return sentence;
  }
}
