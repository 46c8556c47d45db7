/**
 * The ECG page of a run: records of every class with the labels of its dense network and its ticket.
 *
 * @module
 */
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { type Outcome, readPredictions } from "../compare/predictions.ts";
import { UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import { writeFileAtomic } from "../core/files.ts";
import { isSingleTraining } from "../config/modes.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { RunStore } from "../run/run_store.ts";
import type { Summary } from "../results/summary.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { useKernels } from "../run/round_kernels.ts";
import { MISSING, openDataset } from "../run/dataset.ts";
import { ecgPage, type EcgRecord } from "../report/ecg/page.ts";
import { ecgFile } from "../report/ecg/place.ts";
import { format } from "../report/format.ts";
import { resetMasks, restoreMasks, restoreSnapshot } from "../training/snapshot.ts";
import { type SplitName, Workbench } from "../training/workbench.ts";
import { openForShowing } from "./device_options.ts";
import { decisionOf } from "../training/decision.ts";
import { predictSteps, type StepPredictions } from "./report_steps.ts";

/** What to show. */
export interface EcgRequest {
  directory: string;
  summary: Summary;
  /** The run's report; the page is written into the same folder. */
  report: string;
  /** The round that is compared with the dense one; null for the sparsest. */
  round: number | null;
  /** Records of each class at most. */
  perClass: number;
}

/**
 * Runs the saved networks over chosen records and writes the page.
 *
 * @returns The page's file.
 * @throws {UsageError} If the run has no such round, or its data set has changed.
 */
export async function writeEcgPage(request: EcgRequest): Promise<string> {
  const { directory, summary, report, perClass } = request;
  const ticket = chosenRound(summary, request.round);
  const dense = summary.rounds.some(({ round }) => round === 0) && ticket !== 0 ? 0 : null;
  const split: SplitName = summary.rounds.some(({ test }) => test !== null) ? "test" : "dev";
  const outcomes = (round: number) =>
    readPredictions(directory, { round, split, classes: summary.classes });
  const [ticketSaid, denseSaid] = [outcomes(ticket), dense === null ? null : outcomes(dense)];
  const chosen = chooseRecords(ticketSaid, {
    dense: denseSaid,
    classes: summary.classes.length,
    perClass,
  });
  const records = await recordsOf(request, { chosen, ticket, dense, split });
  const file = ecgFile(report);
  writeFileAtomic(
    file,
    page(records, {
      ...{ summary, report, ticket },
      answer: answerOf(ticketSaid, denseSaid, split),
      notes: notesOf(summary, { split, ticket, dense, perClass }),
    }),
  );
  return file;
}

/** What is drawn: records by name, and the rounds whose networks label them. */
interface Shown {
  readonly chosen: readonly string[];
  readonly ticket: number;
  readonly dense: number | null;
  readonly split: SplitName;
}

/** The chosen records with their samples and what the saved networks say about each step. */
async function recordsOf(
  { directory, summary }: EcgRequest,
  { chosen, ticket, dense, split }: Shown,
): Promise<EcgRecord[]> {
  const store = new RunStore(directory);
  const config = store.config();
  const dataset = openDataset(config, MISSING.restore);
  if (dataset.sha256 !== summary.dataset.sha256) {
    throw new UsageError(
      `Cannot show records of ${directory}: its data set had sha256 ${summary.dataset.sha256}, the ` +
        `one there now has ${dataset.sha256}`,
    );
  }
  const { ids, labels, offsets, lengths } = dataset.splits[split];
  const positions = new Map(ids.map((id, i) => [id, i]));
  const records = chosen.map((id) => positions.get(id)!);
  const device = openForShowing(config);
  try {
    using bench = new Workbench(device, dataset, workbenchConfig(config, dataset));
    const say = (round: number) => stepsOf(bench, { store, summary, round, split, records });
    const theirs = dense === null ? null : await say(dense);
    const ours = await say(ticket);
    return records.map((record, i): EcgRecord => ({
      name: ids[record]!,
      samples: dataset.samples.subarray(offsets[record]!, offsets[record]! + lengths[record]!),
      perMillivolt: UNITS_PER_MILLIVOLT,
      rate: dataset.sampleRate,
      hop: bench.network.hop,
      classes: dataset.classes,
      truth: dataset.classes[labels[record]!]!,
      steps: { dense: theirs?.[i]?.labels, ticket: ours[i]!.labels },
      votes: { dense: theirs?.[i]?.decided, ticket: ours[i]!.decided },
      probabilities: {
        ...(theirs ? { dense: theirs[i]!.probabilities } : {}),
        ticket: ours[i]!.probabilities,
      },
    }));
  } finally {
    await device.close();
  }
}

/** What the saved network of a round says about records, which are indices into the split. */
async function stepsOf(
  bench: Workbench,
  { store, summary, round, split, records }: {
    store: RunStore;
    summary: Summary;
    round: number;
    split: SplitName;
    records: readonly number[];
  },
): Promise<StepPredictions[]> {
  resetMasks(bench.network);
  if (round > 0) restoreMasks(bench.network, store.loadMasks(round));
  restoreSnapshot(bench.network, store.loadEnd(round));
  useKernels(bench, { directory: runFiles.round(store.directory, round), note: console.error });
  const temperature = summary.rounds.find((each) => each.round === round)?.temperature ?? 1;
  return await predictSteps(bench, { split, records, temperature });
}

function chosenRound({ rounds, control, name }: Summary, asked: number | null): number {
  if (hasSmallNetworks({ control })) {
    throw new UsageError(
      `Cannot show records of ${name}: it is a control of small dense networks; show those of its ` +
        `base ${control!.base}`,
    );
  }
  const sparsest = rounds.at(-1)?.round;
  const found = rounds.find(({ round }) => round === (asked ?? sparsest));
  if (found) return found.round;
  throw new UsageError(
    `Cannot show round ${asked ?? 0} of ${name}: finished are ` +
      (rounds.map(({ round }) => round).join(", ") || "none"),
  );
}

/**
 * Names of up to `perClass` records of every class: up to half of them are records that the two networks
 * label differently; then one that the ticket labels wrongly; then others. All are ordered by name.
 */
export function chooseRecords(
  ticket: ReadonlyMap<string, Outcome>,
  { dense, classes, perClass }: {
    dense: ReadonlyMap<string, Outcome> | null;
    classes: number;
    perClass: number;
  },
): string[] {
  const names = [...ticket.keys()].sort();
  return Array.from({ length: classes }, (_, c) => {
    const own = names.filter((name) => ticket.get(name)!.truth === c);
    const differs = (name: string) =>
      dense !== null && dense.get(name)?.predicted !== ticket.get(name)!.predicted;
    const chosen = new Set<string>();
    const take = (count: number, from: (name: string) => boolean) =>
      own.filter((name) => from(name) && !chosen.has(name)).slice(0, count)
        .forEach((name) => chosen.add(name));
    take(Math.floor(perClass / 2), differs);
    take(
      Math.min(1, perClass - chosen.size),
      (name) => !differs(name) && ticket.get(name)!.predicted !== c,
    );
    take(perClass - chosen.size, (name) => ticket.get(name)!.predicted === c);
    take(perClass - chosen.size, () => true);
    return own.filter((name) => chosen.has(name));
  }).flat();
}

/** How often the two networks differ over the whole split, and which of them is right then. */
export function answerOf(
  ticket: ReadonlyMap<string, Outcome>,
  dense: ReadonlyMap<string, Outcome> | null,
  split: string,
): string {
  const right = (outcome: Outcome) => outcome.predicted === outcome.truth;
  const all = [...ticket.entries()];
  const hits = all.filter(([, outcome]) => right(outcome)).length;
  if (dense === null) return `${hits} of ${all.length} ${split} recordings are labelled correctly.`;
  const apart = all.filter(([name, { predicted }]) => dense.get(name)?.predicted !== predicted);
  if (apart.length === 0) {
    return `Dense network and ticket give each of the ${all.length} ${split} recordings the same label; ` +
      `${hits} are right.`;
  }
  const ours = apart.filter(([, outcome]) => right(outcome)).length;
  const theirs = apart.filter(([name]) => {
    const outcome = dense.get(name);
    return outcome !== undefined && right(outcome);
  }).length;
  return `Dense network and ticket label ${apart.length} of ${all.length} ${split} recordings ` +
    `differently: only the dense network is right on ${theirs} of them, only the ticket on ${ours}, ` +
    `neither on ${apart.length - ours - theirs}.`;
}

function page(
  records: readonly EcgRecord[],
  context: {
    summary: Summary;
    report: string;
    ticket: number;
    answer: string;
    notes: string[];
  },
): string {
  const { summary, report, ticket, answer, notes } = context;
  return ecgPage({
    ...{ records, answer, notes },
    title: `${summary.name}: labels of the networks`,
    networks: { dense: "Dense", ticket: ticket === 0 ? "Dense" : "Ticket" },
    back: { href: `../${encodeURIComponent(path.basename(report))}`, name: "The run’s report" },
  });
}

/** Where networks and recordings come from. @param chosen.dense null if the page has one network. */
export function notesOf(
  { config, mode, control, rounds }: Summary,
  { split, ticket, dense, perClass }: {
    split: string;
    ticket: number;
    dense: number | null;
    perClass: number;
  },
): string[] {
  const { theta, density } = rounds.find(({ round }) => round === ticket)!;
  const weights = `${format(theta, "factor")} fewer weights (${format(density, "percent")} kept).`;
  const chosen = dense === null
    ? "where there is one, a recording that is labelled wrongly is among them, so these recordings do not show " +
      "how often that happens."
    : "up to half of them are ones that the two networks label differently, so these recordings do not show how " +
      "often they differ.";
  return [
    decisionOf(config),
    control === null && isSingleTraining(mode)
      ? `The ticket has ${weights}`
      : `Ticket is round ${ticket}: ${weights}`,
    `Up to ${
      counted(perClass, `${split} recording`)
    } of each class, not drawn at random: ${chosen}`,
  ];
}
