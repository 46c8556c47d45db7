/**
 * Processes that are killed: toy runs in every mode and of every control get a signal at a random moment,
 * again and again, and are resumed until they end; what they leave is compared with a run left alone.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { lth } from "../cli/testing.ts";
import { runFiles } from "../core/paths.ts";
import type { Rng } from "../core/rng.ts";
import { assertSameResults } from "../lottery/testing.ts";
import { CONTROLS, MODES } from "../experiment/config.ts";
import { STACK_TRACE, type TortureContext, type TortureRow } from "./part.ts";

/** One kind of run: the arguments of the command that starts or continues it in `run`. */
interface Variant {
  readonly name: string;
  args(run: string): string[];
}

const SIGNALS = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT"] as const;

/** Files of a run; a kill may wait until one of them is being written. */
const WRITTEN = [
  ...["config.json", "environment.json", "rewind.safetensors", "latest.safetensors"],
  ...["mask.safetensors", "end.safetensors", "metrics.csv", "predictions.csv", "scores.json"],
  ...["DONE", "summary.json", "timing.json", "report.html"],
];

/** Kills per run before it may end. */
const KILLS_PER_RUN = 8;

/** A dense round and two more, in seconds. */
function toyRun(data: string, mode: string): (run: string) => string[] {
  const pruning = mode === "lth-ecg" ? ["--target", "1.8"] : ["--rounds", "2", "--prune", "0.5"];
  const rewind = mode === "weight-rewind" ? ["--rewind-to", "3it"] : [];
  return (run) => [
    ...["--data", data, "--name", run, "--filters", "4", "--blocks", "4", "--kernel", "8"],
    ...["--epochs", "10", "--batch-size", "4", "--dropout", "0.2", "--backend", "cpu"],
    ...["--mode", mode, ...pruning, ...rewind, "--checkpoint-every", "0", "--resume"],
  ];
}

/** Signals sent and what they ended, over all variants in turn. */
export async function killsPart(context: TortureContext): Promise<TortureRow[]> {
  const { data, directory, kills, rng } = context;
  const base = path.join(directory, "base");
  await alone({ name: "base", args: toyRun(data, "weight-rewind") }, base);
  const variants: Variant[] = [
    ...MODES.map((mode) => ({ name: mode, args: toyRun(data, mode) })),
    ...CONTROLS.map((kind) => ({
      name: `control ${kind}`,
      args: (run: string) => [
        ...["control", "--run", base, "--kind", kind, "--name", run],
        ...["--checkpoint-every", "0", "--resume"],
      ],
    })),
  ];
  const counts = new Map<string, number>();
  const findings: string[] = [];
  let runs = 0;
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  while (total() < kills) {
    const variant = variants[runs % variants.length]!;
    const whole = path.join(directory, `whole-${variant.name.replace(" ", "-")}`);
    const seconds = fs.existsSync(whole) ? durations.get(whole)! : await alone(variant, whole);
    const run = path.join(directory, `killed-${runs++}`);
    findings.push(...await killOften(variant, { run, whole, seconds, rng, counts }));
    fs.rmSync(run, { recursive: true, force: true });
    context.note(`${total()} of ${kills} kills, ${runs} runs`);
  }
  const detail = [...counts].map(([signal, count]) => `${count} ${signal}`).join(", ");
  return [{ what: `kills survived in ${runs} runs`, count: total(), findings, detail }];
}

const durations = new Map<string, number>();

/** Does a run that nobody disturbs. @returns Seconds from its lock to its end. */
async function alone(variant: Variant, run: string): Promise<number> {
  const child = lth(variant.args(run)).spawn();
  const output = child.output();
  await appearance(runFiles.lock(run), child);
  const started = performance.now();
  const { code, stderr } = await output;
  if (code !== 0) throw new Error(`${variant.name} fails: ${new TextDecoder().decode(stderr)}`);
  const seconds = (performance.now() - started) / 1000;
  durations.set(run, seconds);
  return seconds;
}

async function killOften(
  variant: Variant,
  { run, whole, seconds, rng, counts }: {
    run: string;
    whole: string;
    seconds: number;
    rng: Rng;
    counts: Map<string, number>;
  },
): Promise<string[]> {
  const findings: string[] = [];
  for (let kills = 0;;) {
    const child = lth(variant.args(run)).spawn();
    const output = child.output();
    const signal = SIGNALS[rng.integer(SIGNALS.length)]!;
    if (kills < KILLS_PER_RUN) killSometime(child, { run, signal, seconds, rng });
    const { code, signal: ended, stdout, stderr } = await output;
    const err = new TextDecoder().decode(stderr);
    const out = new TextDecoder().decode(stdout);
    const what = `${variant.name}, after ${kills} kills, ${signal}`;
    if (STACK_TRACE.test(err)) findings.push(`${what}: a stack trace: ${err}`);
    if (/is damaged/.test(out)) findings.push(`${what}: a saved state was damaged: ${out}`);
    if (code === 0) break;
    if (ended === null && code !== 130) {
      findings.push(`${what}: exit code ${code}: ${err}`);
      return findings;
    }
    counts.set(signal, (counts.get(signal) ?? 0) + 1);
    kills++;
  }
  try {
    assertSameResults(run, whole);
    const report = fs.readFileSync(path.join(run, "report.html"), "utf8");
    if (!report.trimEnd().endsWith("</html>")) findings.push(`${variant.name}: half a report`);
    const left = fs.readdirSync(run).filter((name) => /\.tmp$|^lock$/.test(name));
    if (left.length > 0) findings.push(`${variant.name}: left behind: ${left.join(", ")}`);
  } catch (error) {
    findings.push(`${variant.name}: ${(error as Error).message}`);
  }
  return findings;
}

/** Kills a child at a random moment of its work, or while it writes a random one of its files. */
async function killSometime(
  child: Deno.ChildProcess,
  moment: { run: string; signal: Deno.Signal; seconds: number; rng: Rng },
): Promise<void> {
  const { run, signal, seconds, rng } = moment;
  const delay = 1000 * seconds * rng.next() * 0.7;
  const file = rng.integer(2) === 0 ? null : WRITTEN[rng.integer(WRITTEN.length)]!;
  const pause = rng.integer(4);
  await appearance(runFiles.lock(run), child);
  const timer = timeOut(delay);
  if (file === null) await timer.over;
  else await Promise.race([written(file, { run, until: timer.over }), timer.over]);
  timer.stop();
  if (pause > 0) await new Promise((done) => setTimeout(done, pause));
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}

function timeOut(milliseconds: number): { over: Promise<void>; stop: () => void } {
  let stop = () => {};
  const over = new Promise<void>((done) => {
    const timer = setTimeout(done, milliseconds);
    stop = () => {
      clearTimeout(timer);
      done();
    };
  });
  return { over, stop };
}

/** Until a file of this name is being written below `run`. */
async function written(
  file: string,
  { run, until }: { run: string; until: Promise<void> },
): Promise<void> {
  const watcher = watch(run);
  if (watcher === null) return await until;
  until.then(() => watcher.close());
  for await (const { paths } of watcher) {
    if (paths.some((each) => path.basename(each).startsWith(`.${file}.`))) return;
  }
}

/** null if files that come and go while the watch is set up get in its way. */
function watch(directory: string): Deno.FsWatcher | null {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      return Deno.watchFs(directory);
    } catch {
      // Again: it lists the folder first.
    }
  }
  return null;
}

/** Until a file is there, or the child has ended. */
async function appearance(file: string, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  while (!ended && !fs.existsSync(file)) await new Promise((done) => setTimeout(done, 2));
}
