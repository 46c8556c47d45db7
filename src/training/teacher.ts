/**
 * Teachers: networks whose outputs a training program learns from besides the labels. They are evaluated on
 * the same batch, with their running statistics, and never change.
 *
 * @module
 */
import type { NativeBuilder, NativeDevice, Value } from "../addon/native.ts";
import { Network, type NetworkConfig } from "../model/network.ts";
import { recordForward } from "../model/record.ts";
import { restoreSnapshot, type Snapshot } from "./snapshot.ts";

/** A trained network. */
export interface Teacher {
  readonly network: NetworkConfig;
  /** Weights (0 where pruned) and running statistics. */
  readonly weights: Snapshot;
}

/** The prefix of the op labels of the `index`-th teacher. */
export function teacherPrefix(index: number): string {
  return `teacher${index + 1}.`;
}

/** Whether an op's label is that of a teacher. */
export function isTeacherLabel(label: string): boolean {
  return /^teacher\d+\./.test(label);
}

/** Opens a teacher's network on a device; weights of 0 are masked. The caller disposes it. */
export function openTeacher(device: NativeDevice, { network: config, weights }: Teacher): Network {
  const network = new Network(device, config);
  restoreSnapshot(network, weights);
  for (const { parameter } of network.prunable) {
    parameter.setMask(Uint8Array.from(parameter.read("value"), (weight) => weight === 0 ? 0 : 1));
  }
  return network;
}

/** Traces the teachers' evaluation of the batch x [N, 1, L]. @returns The logits of each teacher. */
export function recordTeachers(
  builder: NativeBuilder,
  teachers: readonly Network[],
  x: Value,
): Value[] {
  return teachers.map((teacher, i) =>
    recordForward(labelled(builder, teacherPrefix(i)), teacher, { x, pass: "evaluation" }).logits
  );
}

/** A builder whose labels begin with `prefix`. */
function labelled(builder: NativeBuilder, prefix: string): NativeBuilder {
  return new Proxy(builder, {
    get: (target, key) => {
      if (key === "label") return (name: string) => target.label(prefix + name);
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
