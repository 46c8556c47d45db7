/**
 * The TensorFlow.js peer: the same training step, in the fastest TensorFlow.js package that loads.
 *
 * @module
 */
import type * as Tfjs from "@tensorflow/tfjs";
import { messageOf, UsageError } from "../src/core/errors.ts";
import { type StepShape, studyGraph } from "./shape.ts";
import { median, type Repeats } from "./step_time.ts";
import { TfjsNetwork } from "./tfjs_network.ts";

type Tf = typeof Tfjs;

/** The packages, fastest first. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node", "@tensorflow/tfjs"];

/** A loaded package and the reason for its choice. */
export interface LoadedTfjs {
  readonly tf: Tf;
  readonly name: string;
  /** E.g. "@tensorflow/tfjs-node does not load (...)". */
  readonly reason: string;
}

/**
 * Loads the first package that can be loaded.
 *
 * @throws {UsageError} If none can.
 */
export async function loadTfjs(packages: readonly string[] = PACKAGES): Promise<LoadedTfjs> {
  const failures: string[] = [];
  for (const name of packages) {
    try {
      const loaded = await import(name) as Tf | { default: Tf };
      const tf = "ready" in loaded ? loaded : (loaded as { default: Tf }).default;
      tf.enableProdMode();
      await tf.ready();
      // The plain package would look for a GPU, which it cannot use outside a browser.
      if (name === PACKAGES.at(-1)) await tf.setBackend("cpu");
      const reason = failures.length > 0 ? failures.join("; ") : "the first of its packages";
      return { tf, name, reason };
    } catch (error) {
      failures.push(`${name} does not load (${messageOf(error).split("\n")[0]})`);
    }
  }
  throw new UsageError(`Cannot run the TensorFlow.js peer: ${failures.join("; ")}`);
}

/** A shape that the package finishes in seconds; a full shape takes its JavaScript kernels minutes. */
export function tfjsShape(name: string): StepShape {
  return name === PACKAGES.at(-1)
    ? { batchSize: 2, length: 256, filters: 4 }
    : { batchSize: 8, length: 8960, filters: 32 };
}

/** Median milliseconds of a dense training step. */
export async function runTfjsPeer(
  { tf }: LoadedTfjs,
  options: StepShape & Repeats,
): Promise<number> {
  const { batchSize, length, filters, warmup, repeat } = options;
  const network = new TfjsNetwork(tf, studyGraph({ filters }));
  const x = tf.randomNormal([batchSize, length, 1]) as Tfjs.Tensor3D;
  const labels = tf.oneHot(
    tf.randomUniform([batchSize * Math.floor(length / 256)], 0, 4, "int32").toInt(),
    4,
  );
  const optimizer = tf.train.adam(1e-3);
  const times: number[] = [];
  for (let i = 0; i < warmup + repeat; i++) {
    const started = performance.now();
    const loss = optimizer.minimize(() => network.loss(x, labels), true)!;
    await loss.data();
    loss.dispose();
    if (i >= warmup) times.push(performance.now() - started);
  }
  network.dispose();
  optimizer.dispose();
  tf.dispose([x, labels]);
  return median(times.sort((a, b) => a - b));
}
