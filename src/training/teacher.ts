/**
 * Networks whose outputs a training program follows beside the labels. They are evaluated on the very
 * batch, with their running statistics, and never change.
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
  /** Weights, 0 where pruned, and running statistics. */
  readonly weights: Snapshot;
}

/** How the labels of the `index`-th teacher's ops begin. */
export function teacherPrefix(index: number): string {
  return `teacher${index + 1}.`;
}

/** Whether an op's label is that of a teacher. */
export function isTeacherLabel(label: string): boolean {
  return /^teacher\d+\./.test(label);
}

/** A teacher's network on a device; what is 0 in it is not computed. The caller disposes it. */
export function openTeacher(device: NativeDevice, { network: config, weights }: Teacher): Network {
  const network = new Network(device, config);
  restoreSnapshot(network, weights);
  for (const { parameter } of network.prunable) {
    parameter.setMask(Uint8Array.from(parameter.read("value"), (weight) => weight === 0 ? 0 : 1));
  }
  return network;
}

/** Records the teachers' evaluation of the batch x [N, 1, L]; the logits of each. */
export function recordTeachers(
  builder: NativeBuilder,
  teachers: readonly Network[],
  x: Value,
): Value[] {
  return teachers.map((teacher, i) =>
    recordForward(labelled(builder, teacherPrefix(i)), teacher, { x, pass: "evaluation" }).logits
  );
}

/** `builder`, whose labels begin with `prefix`. */
function labelled(builder: NativeBuilder, prefix: string): NativeBuilder {
  return new Proxy(builder, {
    get: (target, key) => {
      if (key === "label") return (name: string) => target.label(prefix + name);
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
