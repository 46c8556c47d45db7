/**
 * Runs the tables of misuse. Every call must throw the right class of error, name the value, and leave the
 * device working.
 *
 * @module
 */
import assert from "node:assert/strict";
import type {
  NativeBuffer,
  NativeBuilder,
  NativeDataset,
  NativeDevice,
  NativeParameter,
  Value,
} from "./native.ts";
import {
  LENGTH,
  openTestDevice,
  RECORDS,
  smallDataset,
  smallInputs,
  type SmallStep,
  smallStep,
} from "./testing.ts";

/** One object of each kind, on one device, and one of another device. */
export interface Things {
  device: NativeDevice;
  parameter: NativeParameter;
  buffer: NativeBuffer;
  dataset: NativeDataset;
  builder: NativeBuilder;
  /** An input [4, 3, 96] of `builder`. */
  x: Value;
  weight: NativeParameter;
  bias: NativeParameter;
  gamma: NativeParameter;
  statistics: NativeBuffer;
  variance: NativeBuffer;
  step: SmallStep;
  foreign: { parameter: NativeParameter; buffer: NativeBuffer; dataset: NativeDataset };
  foreignValue: Value;
  disposed: { parameter: NativeParameter; builder: NativeBuilder };
}

/** A call, the class of error it must throw, and what the message must say. */
export type Case = [
  name: string,
  call: (things: Things) => unknown,
  error: new (message: string) => Error,
  message: RegExp,
];

/** Gives any value the type that a signature wants. */
// deno-lint-ignore no-explicit-any
export const wrong = (value: unknown): any => value;

function makeThings(device: NativeDevice, other: NativeDevice): Things {
  const dataset = smallDataset(device);
  const builder = device.builder({ records: RECORDS, length: LENGTH, seed: 1n });
  const foreignBuilder = other.builder({ records: RECORDS, length: LENGTH, seed: 1n });
  const disposed = {
    parameter: device.parameter([6]),
    builder: device.builder({ records: 1, length: 1, seed: 1n }),
  };
  disposed.parameter.dispose();
  disposed.builder.dispose();
  return {
    device,
    parameter: device.parameter([2, 3]),
    buffer: device.buffer(4),
    dataset,
    builder,
    x: builder.input(3, LENGTH),
    weight: device.parameter([2, 3, 5]),
    bias: device.parameter([2]),
    gamma: device.parameter([3]),
    statistics: device.buffer(3),
    variance: device.buffer(3),
    step: smallStep(device, dataset),
    foreign: {
      parameter: other.parameter([2, 3, 5]),
      buffer: other.buffer(3),
      dataset: smallDataset(other),
    },
    foreignValue: foreignBuilder.input(3, LENGTH),
    disposed,
  };
}

/** Registers one test with a step for each case. */
export function testMisuse(group: string, cases: readonly Case[]): void {
  Deno.test(`misuse of ${group} throws and names the value`, async (t) => {
    using device = openTestDevice({ threads: 1 });
    using other = openTestDevice({ threads: 1 });
    const things = makeThings(device, other);
    for (const [name, call, error, message] of cases) {
      await t.step(name, () => {
        assert.throws(() => call(things), (thrown: Error) => {
          assert.equal(thrown.constructor, error, `${thrown.constructor.name}: ${thrown.message}`);
          assert.match(thrown.message, message);
          return true;
        });
      });
    }
    await t.step("and the device still works", async () => {
      const { loss } = await device.run([things.step.program], smallInputs(1));
      assert.ok(loss[0]! > 0);
    });
  });
}
