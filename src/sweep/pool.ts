/**
 * Runs cells, a given number at a time, each after the cell it depends on.
 *
 * @module
 */
import { messageOf } from "../core/errors.ts";
import type { Cell } from "./cells.ts";
import type { CellExit, CellProcess } from "./child.ts";

/**
 * waiting: for a free process or for its base; elsewhere: another process is running it; stopped: saved, can
 * be continued; skipped: its base failed.
 */
export type Status =
  | "waiting"
  | "elsewhere"
  | "running"
  | "done"
  | "failed"
  | "stopped"
  | "skipped";

/** A cell and its state. */
export interface CellStatus {
  readonly cell: Cell;
  status: Status;
  /** Why it is not done, in a sentence; empty if there is nothing to say. */
  note: string;
}

/** Options of a pool. */
export interface PoolOptions {
  /** Number of cells at the same time. */
  readonly jobs: number;
  /** Starts a cell. */
  start(cell: Cell): CellProcess;
  /** Whether the cell is complete. */
  isComplete(cell: Cell): boolean;
  /** Whether the dense round of the run `name` is done. */
  hasDense(name: string): boolean;
  /** The other process that runs the cell; null if there is none. */
  holder(cell: Cell): string | null;
  /** Called after every change of a status. */
  changed(status: CellStatus): void;
  /** Milliseconds between checks of dense rounds and of cells that other processes run. */
  readonly patience: number;
}

export class Pool {
  readonly cells: readonly CellStatus[];
  private readonly byName: ReadonlyMap<string, CellStatus>;
  private readonly running = new Map<CellStatus, CellProcess>();
  private stopping = false;
  /** Ends the wait for something to happen. */
  private wake: () => void = () => {};

  constructor(cells: readonly Cell[], private readonly options: PoolOptions) {
    this.cells = cells.map((cell) => ({ cell, status: "waiting", note: "" }));
    this.byName = new Map(this.cells.map((each) => [each.cell.name, each]));
  }

  /** Does all cells that are not complete. A failed cell blocks only cells that depend on it. */
  async run(): Promise<void> {
    for (const each of this.cells) {
      if (this.options.isComplete(each.cell)) this.set(each, "done");
    }
    for (;;) {
      this.startWhatCan();
      const waiting = this.cells.some(({ status }) => status === "elsewhere");
      if (this.running.size === 0 && (this.stopping || !waiting)) break;
      await this.nextChange(waiting || this.cells.some((each) => this.awaitsDense(each)));
    }
    if (!this.stopping) return;
    for (const each of this.cells) if (each.status === "elsewhere") this.set(each, "waiting");
  }

  /** Starts no more cells and asks the running ones to save and end. */
  stop(): void {
    this.stopping = true;
    for (const child of this.running.values()) child.stop();
    this.wake();
  }

  private startWhatCan(): void {
    for (const each of this.cells) {
      if (this.stopping || this.running.size >= this.options.jobs) return;
      if (each.status !== "waiting" && each.status !== "elsewhere") continue;
      const base = each.cell.base === null ? null : this.byName.get(each.cell.base)!;
      if (base?.status === "failed" || base?.status === "skipped") {
        this.set(each, "skipped", `${base.cell.name} ${base.status}`);
      } else if ((base === null || base.status === "done") && !this.awaitsDense(each)) {
        this.startUnlessHeld(each);
      }
    }
  }

  /** Whether another cell is training the dense round that this one begins with. */
  private awaitsDense({ cell: { denseFrom }, status }: CellStatus): boolean {
    if (denseFrom === null || status !== "waiting") return false;
    const source = this.byName.get(denseFrom)!;
    return (source.status === "running" || source.status === "elsewhere") &&
      !this.options.hasDense(denseFrom);
  }

  private startUnlessHeld(each: CellStatus): void {
    const { cell } = each;
    if (this.options.isComplete(cell)) return this.set(each, "done");
    const holder = this.options.holder(cell);
    if (holder !== null) return this.set(each, "elsewhere", holder);
    let child: CellProcess;
    try {
      child = this.options.start(cell);
    } catch (error) {
      return this.set(each, "failed", `an error at its start: ${messageOf(error)}`);
    }
    this.running.set(each, child);
    this.set(each, "running");
    child.ended.then((exit) => {
      this.running.delete(each);
      this.settle(each, exit);
      this.wake();
    });
  }

  private settle(each: CellStatus, { code, message }: CellExit): void {
    if (code === 0) return this.set(each, "done");
    if (this.stopping) return this.set(each, "stopped");
    // Another process may have taken the lock after it was checked.
    const holder = this.options.holder(each.cell);
    if (holder !== null) return this.set(each, "elsewhere", holder);
    this.set(each, "failed", `exit code ${code}: ${message}`);
  }

  private set(each: CellStatus, status: Status, note = ""): void {
    if (each.status === status && each.note === note) return;
    each.status = status;
    each.note = note;
    this.options.changed(each);
  }

  /** Resolves when a cell ends, at a stop, or after some time if `soon`. */
  private nextChange(soon: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = soon ? setTimeout(resolve, this.options.patience) : undefined;
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
