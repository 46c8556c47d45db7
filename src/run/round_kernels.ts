/**
 * The convolution kernels of a round. Some backends have several that differ in the last bits of their
 * results (a GPU's sparse, float and tensor-core ones), and which is fastest depends on the masks: when
 * a round's training begins they are timed. Timed again, others could win, so that the choice is
 * written down before the first step, and whoever continues the round or trains it again takes it from
 * there; so does whoever evaluates its networks later. Whatever happens before the training (pruning, its
 * criterion's gradients, the scores right after it) runs on the kernels that the backend takes by itself,
 * which are always the same ones.
 *
 * @module
 */
import * as fs from "node:fs";
import { Failure, messageOf } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { roundFiles } from "../core/paths.ts";
import type { Note } from "./run_store.ts";
import type { Kernels, Workbench } from "../training/workbench.ts";

/** What has kernels. */
export type KernelHolder = Pick<Workbench, "timesKernels" | "chooseKernels" | "setKernels">;

/**
 * Sets the kernels that the round in `directory` is trained on, under its masks: the recorded ones, or the
 * fastest, which are recorded then. Does nothing where no bit depends on them.
 *
 * @throws {Failure} If the record is damaged or does not fit, or cannot be written.
 */
export async function settleKernels(bench: KernelHolder, directory: string): Promise<void> {
  if (!bench.timesKernels) return;
  const recorded = readKernels(directory);
  if (recorded === null) {
    writeJson(roundFiles.kernels(directory), await bench.chooseKernels());
    return;
  }
  try {
    bench.setKernels(recorded);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw badRecord(directory, `does not fit: ${messageOf(error)}`);
  }
}

/**
 * Sets the kernels that the finished round in `directory` was trained and scored on, under its masks. Where
 * there is no record, or no bit depends on it, the backend takes its own.
 *
 * @param options.note Is told where this device, or its precision, has not got them: another computation
 *   than the run's was asked for then.
 * @throws {Failure} If the record is damaged.
 */
export function useKernels(
  bench: KernelHolder,
  { directory, note }: { directory: string; note: Note },
): void {
  const recorded = bench.timesKernels ? readKernels(directory) : null;
  if (recorded === null) return;
  try {
    bench.setKernels(recorded);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    note(
      `${roundFiles.kernels(directory)} does not fit (${
        messageOf(error)
      }): the round is computed on ` +
        "kernels that the backend takes by itself",
    );
  }
}

/**
 * The recorded kernels of the round in `directory`; null if there is no record.
 *
 * @throws {Failure} If it is damaged.
 */
export function readKernels(directory: string): Kernels | null {
  const file = roundFiles.kernels(directory);
  if (!fs.existsSync(file)) return null;
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, "utf8"));
    if (isKernels(value)) return value;
  } catch {
    // As if it held something else.
  }
  throw badRecord(directory, "is damaged: it does not name kernels by convolution");
}

/**
 * Whether a state within the round in `directory` cannot be continued because its kernels are not known
 * any more: every state was saved after them.
 *
 * @param options.note Is told so.
 */
export function kernelsAreLost(
  bench: KernelHolder,
  { directory, note }: { directory: string; note: Note },
): boolean {
  const file = roundFiles.kernels(directory);
  if (!bench.timesKernels || fs.existsSync(file)) return false;
  note(
    `${file} is missing: what the round ran on is unknown, and it is trained from its beginning`,
  );
  return true;
}

function isKernels(value: unknown): value is Kernels {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((kernels) => typeof kernels === "string");
}

function badRecord(directory: string, why: string): Failure {
  return new Failure(
    `${
      roundFiles.kernels(directory)
    } ${why}; delete it and continue the run with --resume: this round ` +
      `is then trained from its beginning, on kernels that are chosen anew`,
  );
}
