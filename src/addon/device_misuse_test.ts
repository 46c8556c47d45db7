import { loadAddon } from "./addon.ts";
import { NativeError } from "./native_error.ts";
import { listBackends } from "./select.ts";
import { type Case, testMisuse, wrong } from "./testing_misuse.ts";

const DATA = {
  samples: new Int16Array(10),
  offsets: Float64Array.of(0),
  lengths: Int32Array.of(10),
  labels: Int32Array.of(0),
};

const hasCuda = listBackends().some(({ name, available }) => name === "cuda" && available);

/** The error for opening a GPU depends on whether there is one. */
const cudaCase: Case = hasCuda
  ? [
    "a GPU too many",
    () => new (loadAddon().Device)({ backend: "cuda", index: 1023 }),
    RangeError,
    /The CUDA device must be from 0 to \d+, got 1023/,
  ]
  : [
    "cuda without one",
    () => new (loadAddon().Device)({ backend: "cuda" }),
    NativeError,
    /Cannot open backend "cuda": /,
  ];

testMisuse("device", [
  [
    "options missing",
    () => new (wrong(loadAddon().Device))(),
    TypeError,
    /options must be an object, got undefined/,
  ],
  [
    "called without new",
    () => wrong(loadAddon().Device)({ backend: "cpu" }),
    TypeError,
    /Device must be called with new/,
  ],
  [
    "unknown backend",
    () => new (wrong(loadAddon().Device))({ backend: "gpu" }),
    RangeError,
    /"cpu", "cuda", got "gpu"/,
  ],
  [
    "no backend",
    () => new (wrong(loadAddon().Device))({}),
    TypeError,
    /options.backend must be one of "cpu", "cuda", got undefined/,
  ],
  [
    "misspelled option",
    () => new (wrong(loadAddon().Device))({ backend: "cpu", thread: 2 }),
    TypeError,
    /unknown field "thread": the known ones are "backend", "threads", "isa", "index", "precision"/,
  ],
  [
    "a text on two lines with a NUL",
    () => new (wrong(loadAddon().Device))({ backend: "a\0b\nc" }),
    RangeError,
    /got "a\\u0000b\\u000ac"$/,
  ],
  [
    "a long text whose 40th byte is within a character",
    () => new (wrong(loadAddon().Device))({ backend: "x".repeat(39) + "é".repeat(9) }),
    RangeError,
    /got "x{39}\.\.\."$/,
  ],
  [
    "half a thread",
    () => new (loadAddon().Device)({ backend: "cpu", threads: 0.5 }),
    RangeError,
    /from 0 to 1024, got 0.5/,
  ],
  cudaCase,
  [
    "a GPU of the CPU",
    () => new (loadAddon().Device)({ backend: "cpu", index: 0 }),
    RangeError,
    /options\.index counts GPUs: backend "cpu" has none/,
  ],
  [
    "a precision that CPUs lack",
    () => new (loadAddon().Device)({ backend: "cpu", precision: "tf32" }),
    NativeError,
    /Precision tf32 is not available on the CPU/,
  ],
  [
    "an unknown precision",
    () => new (loadAddon().Device)({ backend: "cpu", precision: wrong("fp64") }),
    RangeError,
    /"fp32", "tf32", "bf16", got "fp64"/,
  ],
  [
    "setNativeError without a class",
    () => loadAddon().setNativeError(wrong(3)),
    TypeError,
    /must be a class, got 3/,
  ],
  ["empty shape", (t) => t.device.parameter([]), RangeError, /at least one extent/],
  [
    "zero extent",
    (t) => t.device.parameter([3, 0]),
    RangeError,
    /shape\[1\] must be a whole number from 1 .* got 0/,
  ],
  ["NaN extent", (t) => t.device.parameter([NaN]), RangeError, /got NaN/],
  [
    "text extent",
    (t) => t.device.parameter(wrong([2, "3"])),
    TypeError,
    /shape\[1\] must be a number, got "3"/,
  ],
  ["shape too large", (t) => t.device.parameter([65536, 65536]), RangeError, /more than 2\^31 - 1/],
  [
    "shape no array",
    (t) => t.device.parameter(wrong(3)),
    TypeError,
    /shape must be an array, got 3/,
  ],
  ["negative buffer", (t) => t.device.buffer(-1), RangeError, /got -1/],
  ["huge buffer", (t) => t.device.buffer(2 ** 60), RangeError, /from 1 to 2147483647/],
  ["bigint buffer", (t) => t.device.buffer(wrong(3n)), TypeError, /must be a number, got 3n/],
  ["symbol buffer", (t) => t.device.buffer(wrong(Symbol("a"))), TypeError, /got a symbol/],
  [
    "dataset without labels",
    (t) => t.device.dataset(wrong({ ...DATA, labels: undefined })),
    TypeError,
    /data.labels must be an Int32Array, got undefined/,
  ],
  [
    "dataset of other samples",
    (t) => t.device.dataset(wrong({ ...DATA, samples: new Int32Array(10) })),
    TypeError,
    /data.samples must be an Int16Array, got Int32Array of 10/,
  ],
  [
    "dataset with a label too many",
    (t) => t.device.dataset({ ...DATA, labels: new Int32Array(2) }),
    RangeError,
    /labels must have 1 element, got 2/,
  ],
  [
    "dataset past its end",
    (t) => t.device.dataset({ ...DATA, offsets: Float64Array.of(1) }),
    RangeError,
    /1/,
  ],
  [
    "dataset with half an offset",
    (t) => t.device.dataset({ ...DATA, offsets: Float64Array.of(0.5) }),
    RangeError,
    /offsets\[0\] .* 0.5/,
  ],
  [
    "dataset with a tiny offset",
    (t) => t.device.dataset({ ...DATA, offsets: Float64Array.of(1e-9) }),
    RangeError,
    /got 1e-9$|got 1e-09$/,
  ],
  [
    "dataset with a NaN offset",
    (t) => t.device.dataset({ ...DATA, offsets: Float64Array.of(NaN) }),
    RangeError,
    /offsets\[0\]/,
  ],
  [
    "dataset with a far offset",
    (t) => t.device.dataset({ ...DATA, offsets: Float64Array.of(2 ** 53 - 1) }),
    RangeError,
    /9007199254740991/,
  ],
  [
    "dataset with a negative length",
    (t) => t.device.dataset({ ...DATA, lengths: Int32Array.of(-1) }),
    RangeError,
    /-1/,
  ],
  [
    "dataset with a negative label",
    (t) => t.device.dataset({ ...DATA, labels: Int32Array.of(-1) }),
    RangeError,
    /-1/,
  ],
  [
    "seed of the wrong kind",
    (t) => t.device.builder({ records: 1, length: 1, seed: wrong(1) }),
    TypeError,
    /seed must be a bigint, got 1/,
  ],
  [
    "negative seed",
    (t) => t.device.builder({ records: 1, length: 1, seed: -1n }),
    RangeError,
    /got -1n/,
  ],
  [
    "seed too large",
    (t) => t.device.builder({ records: 1, length: 1, seed: 2n ** 64n }),
    RangeError,
    /got 18446744073709551616n/,
  ],
  [
    "no records",
    (t) => t.device.builder({ records: 0, length: 1, seed: 1n }),
    RangeError,
    /records must be .* got 0/,
  ],
  [
    "infinite length",
    (t) => t.device.builder({ records: 1, length: Infinity, seed: 1n }),
    RangeError,
    /length must be .* got Infinity/,
  ],
]);
