/**
 * Kills processes. Toy runs of every mode and control receive signals again and again, and are resumed until
 * they end. Their results are compared with an undisturbed run.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { lth } from "../../src/cli/testing.ts";
import { roundFiles, roundOfDirectory, runFiles } from "../../src/core/paths.ts";
import { CONTROLS } from "../../src/config/controls.ts";
import { isSingleTraining, type Mode, MODES } from "../../src/config/modes.ts";
import { assertSameResults } from "../../src/run/testing.ts";
import { type Ended, ended, signal } from "./child.ts";
import { type Moment, randomMoment, SPREAD, SPREAD_OF_ONE_ROUND, until } from "./kill_moment.ts";
import { phaseOf } from "./kill_phase.ts";
import { countOne, STACK_TRACE, tally, type TortureContext, type TortureRow } from "./part.ts";

/** One kind of run: the arguments of the command that starts or continues it in `run`. */
interface Variant {
  readonly name: string;
  args(run: string): string[];
}

/** An undisturbed run, and its duration from its lock to its end. */
interface Whole {
  readonly run: string;
  readonly seconds: number;
}

const SIGNALS = ["SIGKILL", "SIGTERM", "SIGKILL", "SIGINT"] as const;

/** Number of kills per run before it may end. */
const KILLS_PER_RUN = 8;

/** The plan of a kill. */
type Plan = (kill: number, whole: Whole) => { moment: Moment; signal: Deno.Signal } | null;

/**
 * A run of a dense round and `rounds` pruned rounds, which takes seconds. A mode with a single training has as
 * many epochs in all.
 */
function toyRun(
  mode: Mode,
  { data, rounds, epochs }: { data: string; rounds: 1 | 2; epochs: number },
): Variant {
  // Two rounds of LTH-ECG's schedule prune to 1.8 times fewer weights, one to 1.4.
  const target = rounds === 2 ? "1.8" : "1.4";
  const single = isSingleTraining(mode);
  const pruning = single
    ? ["--target", "3", "--mask-every", "2it"]
    : mode === "lth-ecg"
    ? ["--target", target]
    : ["--rounds", String(rounds), "--prune", "0.5"];
  const budget = single ? (rounds + 1) * epochs : epochs;
  const rewind = mode === "weight-rewind" ? ["--rewind-to", "3it"] : [];
  return {
    name: mode,
    args: (run) => [
      ...["--data", data, "--name", run, "--filters", "4", "--blocks", "4", "--kernel", "8"],
      ...["--epochs", String(budget), "--batch-size", "4", "--dropout", "0.2", "--backend", "cpu"],
      ...["--mode", mode, ...pruning, ...rewind, "--checkpoint-every", "0", "--resume"],
    ],
  };
}

/** Makes at least `kills` random kills, over all modes and controls in turn. */
export async function killsPart(context: TortureContext): Promise<TortureRow[]> {
  const { data, kills, rng, note } = context;
  const killer = new Killer(context.directory);
  const modes = MODES.map((mode) => toyRun(mode, { data, rounds: 2, epochs: 10 }));
  const base = await killer.whole(modes[0]!);
  const controls = CONTROLS.map((kind): Variant => ({
    name: `control ${kind}`,
    args: (run) => [
      ...["control", "--run", base.run, "--kind", kind, "--name", run],
      ...["--checkpoint-every", "0", "--resume"],
    ],
  }));
  const variants = [...modes, ...controls];
  const plan: Plan = (kill, { seconds }) =>
    kill < KILLS_PER_RUN
      ? {
        moment: randomMoment(rng, seconds),
        signal: SIGNALS[rng.integer(SIGNALS.length)]!,
      }
      : null;
  let next = 0;
  await inParallel(context.jobs, async () => {
    while (killer.total < kills) {
      await killer.killOften(variants[next++ % variants.length]!, plan);
      note(`${killer.total} of ${kills} kills, ${killer.runs} runs`);
    }
  });
  return killer.rows();
}

/**
 * Three kills in a run of each mode: two at points that cover the runs from start to end, then one at a
 * random moment.
 */
export async function killsInEveryMode(
  { data, directory, jobs, rng }: Pick<TortureContext, "data" | "directory" | "jobs" | "rng">,
): Promise<TortureRow[]> {
  const killer = new Killer(directory);
  const left = [...MODES.entries()];
  await inParallel(jobs, async () => {
    for (let each = left.shift(); each; each = left.shift()) {
      const [i, mode] = each;
      const spread = isSingleTraining(mode) ? SPREAD_OF_ONE_ROUND : SPREAD;
      const points = spread[i % spread.length]!;
      const plan: Plan = (kill, { seconds }) => {
        if (kill > points.length) return null;
        const moment = points[kill] ?? randomMoment(rng, seconds);
        return { moment, signal: SIGNALS[(i + kill) % SIGNALS.length]! };
      };
      const variant = toyRun(mode, { data, rounds: 1, epochs: 4 });
      // If this process is stopped for a while, a run may end before it is killed.
      for (let attempt = 0; attempt < 5; attempt++) {
        if (await killer.killOften(variant, plan) > 0) break;
      }
    }
  });
  return killer.rows();
}

async function inParallel(jobs: number, body: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: jobs }, body));
}

/** Kills runs and counts kills and findings. */
class Killer {
  runs = 0;
  private readonly signals = new Map<string, number>();
  private readonly phases = new Map<string, number>();
  private readonly variants = new Map<string, number>();
  private readonly findings: string[] = [];
  private readonly wholes = new Map<string, Promise<Whole>>();

  constructor(private readonly directory: string) {}

  /** Number of signals that have ended a process. */
  get total(): number {
    return [...this.signals.values()].reduce((sum, count) => sum + count, 0);
  }

  rows(): TortureRow[] {
    const { runs, findings, total: count } = this;
    const detail = [this.signals, this.phases, this.variants].map(tally).join("; ");
    return [{ what: `kills survived in ${runs} runs`, count, findings, detail }];
  }

  /** An undisturbed run of this kind. @throws {Error} If it fails. */
  whole(variant: Variant): Promise<Whole> {
    const known = this.wholes.get(variant.name);
    if (known) return known;
    const run = path.join(this.directory, `whole-${variant.name.replace(" ", "-")}`);
    const made = alone(variant, run);
    this.wholes.set(variant.name, made);
    return made;
  }

  /** Does one run and kills it as planned. @returns The number of kills. */
  async killOften(variant: Variant, plan: Plan): Promise<number> {
    const whole = await this.whole(variant);
    const run = path.join(this.directory, `killed-${this.runs++}`);
    let kills = 0;
    for (;;) {
      const child = lth(variant.args(run)).spawn();
      const planned = plan(kills, whole);
      const [end, phase] = await Promise.all([
        ended(child),
        planned === null ? null : kill(child, { run, ...planned }),
      ]);
      const problem = problemOf(end);
      const what = `${variant.name}, after ${kills} kills, ${planned?.signal ?? "no signal"}`;
      if (problem !== null) {
        this.findings.push(`${what}: ${problem}`);
        return kills;
      }
      if (end.code === 0) break;
      kills++;
      countOne(this.signals, planned!.signal);
      countOne(this.phases, phase ?? phaseOf(run, child.pid));
      countOne(this.variants, variant.name);
    }
    this.compare(run, { variant, whole });
    fs.rmSync(run, { recursive: true, force: true });
    return kills;
  }

  private compare(run: string, { variant, whole }: { variant: Variant; whole: Whole }): void {
    try {
      assertSameResults(run, whole.run);
      const problem = reportProblem(run);
      if (problem !== null) this.findings.push(`${variant.name}: ${problem}`);
      const left = fs.readdirSync(run).filter((name) => /\.tmp$|^lock$/.test(name));
      if (left.length > 0) this.findings.push(`${variant.name}: left behind: ${left.join(", ")}`);
    } catch (error) {
      this.findings.push(`${variant.name}: ${(error as Error).message}`);
    }
  }
}

/** The problem with the report of a finished run, which must be complete and include the last round; or null. */
function reportProblem(run: string): string | null {
  const file = path.join(run, "report.html");
  if (!fs.existsSync(file)) return "there is no report";
  if (!fs.readFileSync(file, "utf8").trimEnd().endsWith("</html>")) return "half a report";
  const rounds = fs.readdirSync(run).flatMap((name) => roundOfDirectory(name) ?? []);
  const last = roundFiles.done(runFiles.round(run, Math.max(...rounds)));
  return fs.statSync(file).mtimeMs >= fs.statSync(last).mtimeMs
    ? null
    : "the report is older than the last round";
}

/** The problem with the end of a process that may have been killed, or null. */
function problemOf({ code, signal: by, out, err, hung }: Ended): string | null {
  if (hung) return `it hangs: ${out}${err}`;
  if (STACK_TRACE.test(err)) return `a stack trace: ${err}`;
  if (/is damaged/.test(out)) return `a saved state was damaged: ${out}`;
  return code === 0 || code === 130 || by !== null ? null : `exit code ${code}: ${err}`;
}

async function alone(variant: Variant, run: string): Promise<Whole> {
  const child = lth(variant.args(run)).spawn();
  const over = child.status.then(() => {});
  const output = ended(child);
  await until(() => holdsLock(run, child.pid), over);
  const started = performance.now();
  const { code, err } = await output;
  if (code !== 0) throw new Error(`${variant.name} fails: ${err}`);
  return { run, seconds: (performance.now() - started) / 1000 };
}

/**
 * Sends a child its signal once it holds the lock and the moment has come.
 *
 * @returns What it was doing when it was asked to end; null if it was killed (its directory then shows it).
 */
async function kill(
  child: Deno.ChildProcess,
  { run, moment, signal: name }: { run: string; moment: Moment; signal: Deno.Signal },
): Promise<string | null> {
  let alive = true;
  const over = child.status.then(() => {
    alive = false;
  });
  await until(() => holdsLock(run, child.pid), over);
  if (alive) await moment(run, over);
  const phase = alive && name !== "SIGKILL" ? phaseOf(run, child.pid) : null;
  signal(child, name);
  return phase;
}

/** Whether a process has the run's lock; a killed process leaves its lock file. */
function holdsLock(run: string, pid: number): boolean {
  try {
    return JSON.parse(fs.readFileSync(runFiles.lock(run), "utf8")).pid === pid;
  } catch {
    return false;
  }
}
