import { NativeError } from "./native_error.ts";
import { TEST_BACKEND } from "./testing.ts";
import { testMisuse, wrong } from "./testing_misuse.ts";

function detached(): Float32Array {
  const array = new Float32Array(6);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

testMisuse("parameter and buffer", [
  [
    "unknown slot",
    (t) => t.parameter.read(wrong("grad")),
    RangeError,
    /"value", "gradient", "moment1", "moment2", "average", got "grad"/,
  ],
  [
    "slot missing",
    (t) => wrong(t.parameter).read(),
    TypeError,
    /slot must be one of "value", .* got undefined/,
  ],
  [
    "write of another type",
    (t) => t.parameter.write("value", wrong(new Float64Array(6))),
    TypeError,
    /must be a Float32Array, got Float64Array of 6/,
  ],
  [
    "write of an array",
    (t) => t.parameter.write("value", wrong([1, 2])),
    TypeError,
    /got an array of 2/,
  ],
  [
    "write of another size",
    (t) => t.parameter.write("value", new Float32Array(5)),
    RangeError,
    /must have 6 elements, got 5/,
  ],
  [
    "write of detached memory",
    (t) => t.parameter.write("value", detached()),
    RangeError,
    /must have 6 elements, got 0/,
  ],
  [
    "mask of another size",
    (t) => t.parameter.setMask(new Uint8Array(7)),
    RangeError,
    /must have 6 elements, got 7/,
  ],
  ["mask with a 2", (t) => t.parameter.setMask(Uint8Array.of(1, 1, 2, 0, 0, 0)), RangeError, /2/],
  [
    "mask of another type",
    (t) => t.parameter.setMask(wrong(new Uint8ClampedArray(6))),
    TypeError,
    /must be a Uint8Array, got Uint8ClampedArray of 6/,
  ],
  TEST_BACKEND === "cpu"
    ? [
      "kernels where the backend chooses them",
      (t) => t.weight.setKernels("forward=simt dgrad=simt wgrad=simt"),
      RangeError,
      /Backend "cpu" chooses its kernels itself: it cannot be told to run on "forward=simt /,
    ]
    : [
      "kernels that there are not",
      (t) => t.weight.setKernels("forward=fast dgrad=simt wgrad=simt"),
      RangeError,
      /reads forward=KERNEL dgrad=KERNEL wgrad=KERNEL, .*: got "forward=fast /,
    ],
  [
    "kernels of another type",
    (t) => t.weight.setKernels(wrong({ forward: "simt" })),
    TypeError,
    /setKernels: kernels must be a string, got/,
  ],
  [
    "method of another class",
    (t) => wrong(t.parameter.read).call(t.buffer, "value"),
    TypeError,
    /this must be a Parameter/,
  ],
  [
    "method of no object",
    (t) => wrong(t.parameter.read).call(undefined, "value"),
    TypeError,
    /this must be a Parameter/,
  ],
  [
    "method through a proxy",
    (t) => new Proxy(t.parameter, {}).size,
    TypeError,
    /this must be a Parameter/,
  ],
  [
    "method of an heir",
    (t) => Object.create(t.parameter).size,
    TypeError,
    /this must be a Parameter/,
  ],
  [
    "constructor from outside",
    (t) => new (wrong(t.parameter.constructor))(),
    TypeError,
    /Parameter objects are made by/,
  ],
  [
    "constructor without new",
    (t) => wrong(t.parameter.constructor)(),
    TypeError,
    /must be called with new/,
  ],
  [
    "constructor of an heir",
    (t) => new (class extends wrong(t.parameter.constructor) {})(),
    TypeError,
    /Parameter objects are made by/,
  ],
  [
    "read after dispose",
    (t) => t.disposed.parameter.read("value"),
    NativeError,
    /This Parameter cannot be used any more: it was disposed/,
  ],
  ["size after dispose", (t) => t.disposed.parameter.size, NativeError, /it was disposed/],
  [
    "buffer of another size",
    (t) => t.buffer.write(new Float32Array(2)),
    RangeError,
    /must have 4 elements, got 2/,
  ],
  [
    "buffer of another type",
    (t) => t.buffer.write(wrong("abc")),
    TypeError,
    /must be a Float32Array, got "abc"/,
  ],
]);
