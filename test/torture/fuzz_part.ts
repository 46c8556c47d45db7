/**
 * Fuzzes all parsers with millions of inputs on several threads. The inputs depend only on the seed, not on
 * the number of threads.
 *
 * @module
 */
import { UsageError } from "../../src/core/errors.ts";
import { withScratch } from "./fuzz.ts";
import type { Answer, Portion } from "./fuzz_worker.ts";
import { parsers } from "./parsers.ts";
import type { TortureContext, TortureRow } from "./part.ts";
import { RunningTime } from "./running_time.ts";

/** Number of inputs in a portion: seconds of work. */
const PORTION = 20_000;
/** Running time in seconds after which a portion counts as hung; the slowest parser needs a hundredth of it. */
const BOUND_SECONDS = 1800;

/** Fuzzes all parsers; the inputs are divided equally, except that slow parsers get fewer. */
export async function fuzzPart(context: TortureContext): Promise<TortureRow[]> {
  const { inputs, rng, jobs, note } = context;
  const shares = sharesOf(inputs, context.parsers);
  const seed = rng.integer(2 ** 31);
  const portions = [...shares].flatMap(([parser, share]) => portionsOf(parser, { share, seed }));
  const findings: string[] = [];
  const done = new Map<string, { count: number; accepted: number; seconds: number }>();
  let total = 0;
  const take = (portion: Portion, { findings: found, accepted, seconds }: Answer) => {
    const { parser, count } = portion;
    const before = done.get(parser) ?? { count: 0, accepted: 0, seconds: 0 };
    const now = {
      count: before.count + count,
      accepted: before.accepted + accepted,
      seconds: before.seconds + seconds,
    };
    done.set(parser, now);
    total += count;
    findings.push(...found);
    if (now.count < shares.get(parser)!) return;
    const rate = Math.round(now.count / now.seconds).toLocaleString("en");
    note(
      `${parser}: ${now.count.toLocaleString("en")} inputs, ` +
        `${now.accepted.toLocaleString("en")} accepted, ${rate} per second; ` +
        `${total.toLocaleString("en")} in all`,
    );
  };
  let next = 0;
  await Promise.all(Array.from({ length: jobs }, async () => {
    using thread = new FuzzThread();
    for (let portion = portions[next++]; portion; portion = portions[next++]) {
      const answer = await thread.answer(portion);
      if (answer === null) {
        findings.push(`${portion.parser} hangs in portion ${portion.number} of seed ${seed}`);
        return;
      }
      take(portion, answer);
    }
  }));
  const accepted = [...done.values()].reduce((sum, each) => sum + each.accepted, 0);
  const detail = `${accepted.toLocaleString("en")} accepted, ` +
    `${(total - accepted).toLocaleString("en")} refused`;
  return [{ what: `inputs to ${shares.size} parsers`, count: total, findings, detail }];
}

/**
 * Number of inputs by parser; the sum is at least the requested number.
 *
 * @throws {UsageError} If one of `chosen` is not a parser.
 */
function sharesOf(inputs: number, chosen: readonly string[]): Map<string, number> {
  return withScratch((directory) => {
    const all = parsers(directory);
    const unknown = chosen.find((name) => !all.some((parser) => parser.name === name));
    if (unknown !== undefined) {
      throw new UsageError(
        `Cannot fuzz the parser "${unknown}": there are ${all.map(({ name }) => name).join(", ")}`,
      );
    }
    const weights = all.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
      .map(({ name, slow }) => [name, slow ? 1 : 4] as const);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    return new Map(
      weights.map(([name, weight]) => [name, Math.ceil(inputs * weight / sum)]),
    );
  });
}

function portionsOf(
  parser: string,
  { share, seed }: { share: number; seed: number },
): Portion[] {
  return Array.from({ length: Math.ceil(share / PORTION) }, (_, number) => ({
    parser,
    number,
    count: Math.min(PORTION, share - number * PORTION),
    seed,
  }));
}

/** A thread that takes one portion at a time. */
class FuzzThread implements Disposable {
  private readonly worker = new Worker(import.meta.resolve("./fuzz_worker.ts"), { type: "module" });

  /** @returns null if it hangs. @throws {Error} If the thread itself fails. */
  async answer(portion: Portion): Promise<Answer | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | null>();
    using _clock = new RunningTime((seconds) => {
      if (seconds > BOUND_SECONDS) resolve(null);
    });
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.worker.postMessage(portion);
    return await promise;
  }

  [Symbol.dispose](): void {
    this.worker.terminate();
  }
}
