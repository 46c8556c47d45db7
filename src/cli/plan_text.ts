/**
 * The plan of a run as text.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { bytesText } from "../core/bytes.ts";
import { runDirectory } from "../core/paths.ts";
import { freeBytes } from "../run/disk_need.ts";
import { diskRefusal, freeMemory } from "../run/room.ts";
import { POLICIES } from "../config/modes.ts";
import { durationText, percent, table } from "./format.ts";
import { type PlannedChanges, REFERENCE, type RunPlan } from "./plan.ts";

/** @param runs Number of runs like this one, for --replicates. */
export function planText(name: string, plan: RunPlan, runs = 1): string {
  return [headText(name, plan), roundsText(plan), memoryText(plan), diskText(name, plan, runs)]
    .concat(timeText(plan, runs)).concat("Nothing was trained and nothing was written.")
    .join("\n\n");
}

function headText(name: string, plan: RunPlan): string {
  const { config, records, prunable, stepsPerEpoch, longest, rewindStep, device } = plan;
  const { training: { epochs, batchSize }, mode, pruning } = config;
  const single = plan.changing !== null;
  const rewind = single
    ? "one training from initialisation, without a dense round"
    : POLICIES[mode].weights === "keep"
    ? "weights are kept"
    : `weights return to step ${rewindStep}`;
  return [
    `Plan of run ${name}: preset ${config.preset}, ${mode}, criterion ${pruning.criterion}; ${device}`,
    `${
      prunable.toLocaleString("en")
    } prunable weights; ${records.train} train, ${records.dev} dev, ` +
    `${records.test} test records of at most ${longest.toLocaleString("en")} samples; ${rewind}`,
    `${counted(stepsPerEpoch, "step")} per epoch of ${counted(batchSize, "record")}, ${
      counted(epochs, "epoch")
    } and ` +
    `${(stepsPerEpoch * epochs).toLocaleString("en")} steps ${single ? "in all" : "per round"}`,
  ].join("\n");
}

function roundsText({ rounds, denseMacs, changing }: RunPlan): string {
  const rows = rounds.map(({ round, kept, density, theta, evenMacs, seconds }) => [
    String(round),
    kept.toLocaleString("en"),
    percent(density),
    `${theta.toFixed(1)}x`,
    `${(evenMacs / 1e6).toFixed(0)} M`,
    seconds === null ? "-" : durationText(seconds),
  ]);
  const last = rounds.at(-1);
  return [
    table([["round", "weights", "left", "theta", "MACs", "training"], ...rows]),
    ...(last?.kept === 1 ? [`Round ${last.round} is the last: 1 weight is left.`] : []),
    `MACs: of one record of ${REFERENCE} (dense ${
      (denseMacs / 1e6).toFixed(0)
    } M) if every layer ` +
    "has the same density. Global selection keeps early layers denser, so the run will need more MACs.",
    ...(changing === null ? [] : [changesText(changing)]),
  ].join("\n");
}

function changesText({ steps, density, denseGradients }: PlannedChanges): string {
  const [first, last] = [steps[0]!, steps.at(-1)!].map((step) => step.toLocaleString("en"));
  const gradients = denseGradients === 0
    ? ""
    : `; ${denseGradients} additional steps compute the gradients of all weights`;
  return `The mask changes ${steps.length} times during training, first after step ${first}, last after ` +
    `step ${last}; on average ${percent(density)} of the weights are left${gradients}.`;
}

function memoryText({ memory, noMemory }: RunPlan): string {
  const rows: [string, number][] = [
    ["parameters, gradients, moments", memory.parameters],
    ["activations (exact)", memory.activations],
    ["kernels' patterns and packed weights", memory.workspace],
    ...(memory.dropout > 0 ? [["dropout's bits", memory.dropout] satisfies [string, number]] : []),
    ...(memory.timing > 0
      ? [["timing convolutions", memory.timing] satisfies [string, number]]
      : []),
    ["data set", memory.dataset],
    ["saving and restoring", memory.snapshots],
    ["runtime", memory.runtime],
    ["peak, estimated", memory.peak],
  ];
  const { bytes: free, source } = freeMemory();
  return [
    "Memory:",
    ...rows.map(([what, bytes]) => `  ${bytesText(bytes).padStart(9)}  ${what}`),
    noMemory === null
      ? `  ${bytesText(free).padStart(9)}  free ${source}: the run fits`
      : `  The run would be refused. ${noMemory}.`,
  ].join("\n");
}

function diskText(name: string, { disk, rounds }: RunPlan, runs: number): string {
  const { states } = disk;
  const total = runs * disk.total;
  const directory = runDirectory(name);
  const free = freeBytes(directory);
  const refusal = diskRefusal({ total, states }, { directory, free });
  const lines = [
    "Disk:",
    `  ${bytesText(disk.perRound).padStart(9)}  per pruned round: weights, mask, tables`,
    `  ${bytesText(disk.rounds).padStart(9)}  ${counted(rounds.length, "round")}`,
    `  ${bytesText(disk.rewindPoint).padStart(9)}  rewind point`,
    `  ${bytesText(states).padStart(9)}  at most in addition, while a round is trained`,
    `  ${bytesText(total).padStart(9)}  at the end` + (runs > 1 ? `, ${runs} runs` : ""),
  ];
  if (refusal !== null) lines.push(`  The run would be refused. ${refusal}.`);
  else if (free !== null) lines.push(`  ${bytesText(free).padStart(9)}  free: the run fits`);
  return lines.join("\n");
}

function timeText({ rounds, rates }: RunPlan, runs: number): string {
  const seconds = rounds.reduce((sum, round) => sum + (round.seconds ?? NaN), 0);
  if (Number.isNaN(seconds)) {
    return "Time: not known; no run below checkpoints/ has trained this network on batches of this shape and " +
      "this kind of device (`deno task bench` times single steps).";
  }
  const names = [...new Set(rates.map(({ run }) => run))].join(", ");
  const scaled = rates.some(({ isScaled }) => isScaled)
    ? ", which were on other data, in proportion to the steps of an epoch"
    : "";
  return `Time: about ${durationText(runs * seconds)} of training and dev evaluation, from the ` +
    `epochs of ${names}${scaled}.`;
}
