/**
 * Makes random calls of the addon's JavaScript functions: any method of any object with any arguments (valid
 * ones, wrong types, those of other objects, disposed objects, huge sizes, NaN). Calls may throw only
 * TypeError, RangeError and NativeError, and the device must still compute the same results.
 *
 * @module
 */
import { loadAddon } from "../../src/addon/addon.ts";
import type { NativeDevice } from "../../src/addon/native.ts";
import { NativeError } from "../../src/addon/native_error.ts";
import { openDevice } from "../../src/addon/select.ts";
import { smallDataset, smallInputs, smallStep } from "../../src/addon/testing.ts";
import type { Rng } from "../../src/core/rng.ts";
import type { TortureContext, TortureRow } from "./part.ts";

type Callable = Record<string, unknown>;

/** Number of objects kept; older ones are dropped: some are disposed, some left to the garbage collector. */
const MOST_OBJECTS = 60;
/** Number of calls between checks of the device. */
const CHECK_EVERY = 1000;

/** Values that are wrong for nearly all arguments. Sizes are small or larger than any machine's memory. */
const ODD: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    NaN,
    Infinity,
    -Infinity,
    -1,
    -0,
    0.5,
    2 ** 31,
    2 ** 53,
    2 ** 60,
    1e308,
  ],
  ...["", "cpu", "value", "\u{1f4a5}", Symbol("s"), 1n, -1n, 2n ** 64n, () => 1, {}, [], [[]], [
    NaN,
  ]],
  ...[new Date(), /x/, new Map(), new ArrayBuffer(8), new DataView(new ArrayBuffer(8))],
  ...[[2 ** 31, 2 ** 31], [-1], [2 ** 20, 2 ** 20, 2 ** 20], ["2"], Array(40).fill(1), [0]],
  new Proxy({}, {
    get: () => {
      throw new TypeError("a proxy that throws");
    },
  }),
];

/** All objects on which calls can be made. */
class World {
  readonly objects: Callable[] = [];
  private readonly pending: Promise<unknown>[] = [];

  constructor(readonly device: NativeDevice, private readonly rng: Rng) {}

  pick<T>(list: readonly T[]): T {
    return list[this.rng.integer(list.length)]!;
  }

  object(): Callable {
    return this.objects.length === 0 ? this.device as never : this.pick(this.objects);
  }

  /** Keeps the result of a call if it has methods. */
  keep(value: unknown): void {
    if (value instanceof Promise) {
      this.pending.push(value);
    } else if (isNative(value)) {
      this.objects.push(value);
      if (this.objects.length > MOST_OBJECTS) {
        const [old] = this.objects.splice(this.rng.integer(this.objects.length), 1);
        if (this.rng.integer(2) === 0) ignore(() => (old!["dispose"] as () => void)?.());
      }
    }
  }

  /** Waits for unfinished runs; returns errors of a wrong class. */
  async settle(): Promise<unknown[]> {
    const outcomes = await Promise.allSettled(this.pending.splice(0));
    return outcomes.flatMap((each) =>
      each.status === "rejected" && !isAllowed(each.reason) ? [each.reason] : []
    );
  }

  typed(): unknown {
    const length = this.pick([0, 1, 2, 3, 4, 5, 6, 8, 15, 30, 96, 384]);
    const value = this.pick([0, 1, -1, 2, 0.25, NaN, Infinity, 3e38, 7]);
    const types = [Float32Array, Float64Array, Int32Array, Int16Array, Uint8Array, Uint32Array];
    const array = new (this.pick(types))(length).fill(value);
    return this.rng.integer(20) === 0 ? detached(array) : array;
  }

  number(): number {
    return this.pick([0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 96, 0.1, 0.5, 1e-3]);
  }

  /** A value that is valid for some argument, or an odd one. Options have their real names. */
  argument(depth = 0): unknown {
    switch (this.rng.integer(depth > 1 ? 5 : 8)) {
      case 0:
        return this.pick(ODD);
      case 1:
        return this.number();
      case 2:
        return this.typed();
      case 3:
        return this.object();
      case 4:
        return this.pick(["value", "gradient", "moment1", "moment2", "cpu", "adam", "sgd"]);
      case 5:
        return Array.from({ length: this.rng.integer(4) }, () => this.argument(depth + 1));
      case 6:
        return Array.from({ length: 1 + this.rng.integer(3) }, () => this.number());
      default:
        return this.options(depth);
    }
  }

  private options(depth: number): Record<string, unknown> {
    const fields = this.pick(FIELDS);
    const entries = Object.entries(fields).filter(() => this.rng.integer(12) > 0)
      .map((
        [name, make],
      ) => [name, this.rng.integer(6) > 0 ? make(this) : this.argument(depth + 1)]);
    if (this.rng.integer(20) === 0) entries.push(["misspelled", 1]);
    return Object.fromEntries(entries);
  }
}

type Fields = Readonly<Record<string, (world: World) => unknown>>;
const flag = (world: World) => world.pick([true, false]);
const num = (world: World) => world.number();
const obj = (world: World) => world.object();
const array = (world: World) => world.typed();
const pair = (world: World) => [world.number(), world.number()];
const list = (world: World) =>
  Array.from({ length: 1 + world.pick([0, 1, 2]) }, () => world.object());

/** The options of the addon's calls; see src/addon/native.ts. */
const FIELDS: readonly Fields[] = [
  { backend: () => "cpu", threads: (w) => w.pick([0, 1, 2]), isa: () => "automatic" },
  { samples: array, offsets: array, lengths: array, labels: array },
  {
    samples: () => new Int16Array(60).fill(3),
    offsets: () => Float64Array.of(0, 20, 40),
    lengths: (w) => Int32Array.of(20, 20, w.pick([20, 1, 21, 0])),
    labels: (w) => Int32Array.of(0, 1, w.pick([0, 1, -1, 2 ** 20])),
  },
  { records: num, length: num, seed: (w) => w.pick([0n, 1n, 2n ** 63n]) },
  { mean: num, std: num, flip: flag },
  { mean: num, std: num, flip: flag, augment: (w) => w.argument(1), negate: flag },
  {
    ...{ hop: num, stretch: pair, log2Amplitude: pair, noise: pair, mixup: num },
    wander: () => ({ amplitude: [0, 1], frequency: [0, 0.1] }),
    bursts: (w) => ({ probability: w.number(), length: w.number() }),
    masks: (w) => ({ count: w.number(), length: w.number() }),
  },
  { weight: obj, bias: obj, stride: (w) => w.pick([1, 2, 3]), add: num },
  { dy: num, add: num },
  {
    ...{
      gamma: obj,
      beta: obj,
      runningMean: obj,
      runningVariance: obj,
      epsilon: num,
      momentum: num,
    },
    ...{ training: flag, relu: flag, dropout: (w: World) => w.pick([0, 0.5, 1]) },
  },
  { stride: (w) => w.pick([1, 2]), channels: num },
  {
    ...{
      kind: (w: World) => w.pick(["adam", "sgd", "adamw"]),
      beta1: () => 0.9,
      beta2: () => 0.99,
    },
    ...{ epsilon: num, weightDecay: num, clipNorm: num },
  },
  {
    ...{ labelSmoothing: num, focal: num, classWeights: list, teachers: list },
    ...{ temperature: num, teacherWeight: num },
  },
  { buffers: list, decay: num },
  { records: array, learningRates: array, optimizerStep: num, stream: num },
  { values: array, lengths: array, labels: array },
  {
    shape: (w) => ({
      filters: w.number(),
      kernel: w.number(),
      blocks: 2,
      blocksPerStage: 1,
      classes: 2,
    }),
    epsilon: num,
    convolutions: list,
    norms: list,
    isa: () => "automatic",
  },
];

function isNative(value: unknown): value is Callable {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !ArrayBuffer.isView(value) && typeof (value as Callable)["dispose"] === "function";
}

function detached<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

function isAllowed(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof NativeError;
}

function ignore(body: () => void): void {
  try {
    body();
  } catch {
    // Disposing what is in use is refused.
  }
}

/** Names of the methods and getters of an object of the addon. */
function members(object: Callable): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(object))
    .filter((name) => name !== "constructor" && name !== "close");
}

/** Makes one random call. @returns The thrown value if its class is wrong. */
function call(world: World, rng: Rng): unknown {
  const target: Callable = rng.integer(3) === 0 ? world.device as never : world.object();
  const names = members(target).filter((name) =>
    name !== "dispose" || target !== world.device as never
  );
  const name = world.pick(names);
  try {
    const member = target[name];
    if (typeof member !== "function") return undefined;
    const self = rng.integer(50) === 0 ? world.object() : target;
    const args = Array.from({ length: rng.integer(5) }, () => world.argument());
    if (name === "dispose" && self === world.device as never) return undefined;
    world.keep(Reflect.apply(member, self, args));
  } catch (error) {
    if (!isAllowed(error)) return error;
  }
  return undefined;
}

/** Random calls of constructors, which make devices and networks of their own. */
function construct(world: World, rng: Rng): unknown {
  const addon = loadAddon() as unknown as Record<string, new (...args: unknown[]) => Callable>;
  try {
    const Class = addon[world.pick(["Device", "Inference"])]!;
    const made = rng.integer(10) === 0
      ? Reflect.apply(Class, undefined, [world.argument()])
      : new Class(world.argument());
    ignore(() => (made["dispose"] as () => void)());
  } catch (error) {
    if (!isAllowed(error)) return error;
  }
  return undefined;
}

/** Makes `count` calls. @returns The findings. */
export async function fuzzAddon({ count, rng }: { count: number; rng: Rng }): Promise<string[]> {
  const device = openDevice({ backend: "cpu", threads: 2 });
  const sound = openDevice({ backend: "cpu", threads: 2 });
  const findings: string[] = [];
  try {
    const expected = await lossOf(sound);
    const world = new World(device, rng);
    const seedWorld = () => {
      const dataset = smallDataset(device);
      const step = smallStep(device, dataset);
      for (const object of [dataset, step.program, ...step.parameters, ...step.buffers]) {
        world.keep(object);
      }
    };
    for (let i = 0; i < count && findings.length < 10; i++) {
      if (i % 200 === 0) {
        findings.push(...(await world.settle()).map(String)); // it makes nothing on a busy device
        seedWorld();
      }
      const wrong = rng.integer(40) === 0 ? construct(world, rng) : call(world, rng);
      if (wrong !== undefined) {
        findings.push(`call ${i}: ${(wrong as Error)?.stack ?? String(wrong)}`);
      }
      if (i % 20 === 0) findings.push(...(await world.settle()).map(String));
      if (i % CHECK_EVERY === 0) {
        await world.settle();
        for (const [what, one] of [["the device", device], ["another device", sound]] as const) {
          const loss = await lossOf(one);
          if (loss !== expected) {
            findings.push(`after call ${i} ${what} computes ${loss}, not ${expected}`);
          }
        }
      }
    }
    await world.settle();
  } finally {
    await device.close();
    await sound.close();
  }
  return findings;
}

/** The loss of a small training step. */
async function lossOf(device: NativeDevice): Promise<number> {
  using dataset = smallDataset(device);
  const { program, parameters, buffers } = smallStep(device, dataset);
  const { loss } = await device.run([program], smallInputs(1));
  for (const each of [program, ...parameters, ...buffers]) each.dispose();
  return loss[0]!;
}

const CALLS = 100_000;

/** Random calls, at least {@linkcode CALLS}. */
export async function addonPart({ rng }: TortureContext): Promise<TortureRow[]> {
  const findings = await fuzzAddon({ count: CALLS, rng });
  return [{ what: "calls of the addon survived", count: CALLS, findings }];
}
