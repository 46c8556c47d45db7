/**
 * A network as the operations of the page's engine.
 *
 * @module
 */
import { INPUT } from "../../model/graph.ts";
import { absorbedWork, affineOf, type ConvNumbers } from "../../ticket/absorb.ts";
import type { TrainedNetwork } from "../../ticket/network.ts";
import type { Operation } from "./client/engine.ts";

/** The operations that are left when norms are absorbed and dead filters are gone. */
export function operationsOf(network: TrainedNetwork): Operation[] {
  const works = absorbedWork(network);
  const positions = new Map(works.map(({ name }, i) => [name, i]));
  const at = (name: string): number => name === INPUT ? -1 : positions.get(name)!;
  return works.map((work): Operation => {
    const input = at(work.input);
    if (work.op === "shortcut") {
      return { op: "pool", input, channels: work.channels, stride: work.stride };
    }
    if (work.op === "norm") {
      const { scale, shift } = affineOf(network, work.name);
      return {
        ...{ op: "affine", input, relu: work.relu },
        scale: Float32Array.from(scale),
        shift: Float32Array.from(shift),
      };
    }
    const { add, relu, numbers } = work;
    const { kernel, stride, bias } = numbers;
    return {
      ...{ op: "conv", input, add: add === null ? null : at(add), relu, kernel, stride, bias },
      ...sparseRows(numbers),
    };
  });
}

/** The weights that are not 0, as compressed sparse rows. */
function sparseRows({ outChannels, weight }: ConvNumbers) {
  const row = weight.length / outChannels;
  const starts = new Uint32Array(outChannels + 1);
  const places: number[] = [];
  const weights: number[] = [];
  for (let channel = 0; channel < outChannels; channel++) {
    for (let place = 0; place < row; place++) {
      const value = weight[channel * row + place]!;
      if (value === 0) continue;
      places.push(place);
      weights.push(value);
    }
    starts[channel + 1] = places.length;
  }
  return { starts, places: Uint32Array.from(places), weights: Float32Array.from(weights) };
}
