/**
 * The convolution kernels of a round. Some backends have several kernels whose results differ in the last
 * bits (a GPU's sparse, float and tensor-core kernels). The fastest depends on the masks, so kernels are
 * timed when a round's training begins. Another timing could choose others. Therefore the choice is
 * written to a file before the first step, and whoever continues, repeats or evaluates the round reads
 * it from there. Everything before the training (pruning, the gradients of its criterion, the scores right
 * after it) runs on the backend's default kernels, which are always the same.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, messageOf } from "../core/errors.ts";
import { roundFiles, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import type { Note } from "./run_store.ts";
import type { RunWriter } from "./run_writer.ts";
import type { Kernels, Workbench } from "../training/workbench.ts";

/** Something with convolution kernels. */
export type KernelHolder = Pick<Workbench, "timesKernels" | "chooseKernels" | "setKernels">;

/**
 * Sets the kernels for training the round in `directory` under its masks: the recorded ones, or else the
 * fastest, which are then recorded. Does nothing if no bit depends on kernels.
 *
 * @throws {Failure} If the record is damaged or does not fit, or cannot be written.
 */
export async function settleKernels(
  bench: KernelHolder,
  { directory, writer }: { directory: string; writer: RunWriter },
): Promise<void> {
  if (!bench.timesKernels) return;
  const recorded = readKernels(directory);
  if (recorded === null) {
    writer.json(roundFiles.kernels(directory), await bench.chooseKernels());
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
 * Sets the kernels that the finished round in `directory` was trained and scored on, under its masks. If
 * there is no record, or no bit depends on it, the backend uses its default kernels.
 *
 * @param options.note Gets a message if this device or precision does not have the recorded kernels: the
 *   computation then differs from the run's.
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
        "the default kernels of the backend",
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
    // Treated like other contents.
  }
  throw badRecord(directory, "is damaged: it does not name kernels by convolution");
}

/**
 * Whether a state within the round in `directory` cannot be continued because the record of its kernels is
 * lost. The record is always written before the first state.
 *
 * @param options.note Gets a message in this case.
 */
export function kernelsAreLost(
  bench: KernelHolder,
  { directory, note }: { directory: string; note: Note },
): boolean {
  const file = roundFiles.kernels(directory);
  if (!bench.timesKernels || fs.existsSync(file)) return false;
  note(
    `${file} is missing: the kernels of the round are unknown, so it is trained from its beginning`,
  );
  return true;
}

function isKernels(value: unknown): value is Kernels {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((kernels) => typeof kernels === "string");
}

function badRecord(directory: string, why: string): Failure {
  return new Failure(
    `${roundFiles.kernels(directory)} ${why}; delete it and continue the run with ${
      resumeCommand(runWord(path.dirname(directory)))
    }: this round ` +
      `is then trained from its beginning, on newly chosen kernels`,
  );
}
