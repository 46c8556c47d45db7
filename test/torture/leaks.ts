/**
 * Checks that native memory is freed: after creating and disposing objects thousands of times, and after a
 * thousand training steps, memory and file handles must not have grown.
 *
 * @module
 */
import type { NativeDevice } from "../../src/addon/native.ts";
import { openDevice } from "../../src/addon/select.ts";
import { smallDataset, smallInputs, smallStep } from "../../src/addon/testing.ts";
import { type Footprint, footprint, growth, megabytes } from "./flat.ts";
import type { TortureContext, TortureRow } from "./part.ts";

const CYCLES = 10_000;
const STEPS = 1_000;
const DEVICES = 300;
/** Number of footprints per check. */
const SAMPLES = 20;

/** Creates all kinds of objects of a device, traces and runs a program, and disposes everything. */
async function cycle(device: NativeDevice, { run }: { run: boolean }): Promise<void> {
  using dataset = smallDataset(device);
  const { program, parameters, buffers } = smallStep(device, dataset);
  parameters[0]!.setMask(new Uint8Array(parameters[0]!.size).fill(1, 0, 11));
  if (run) await device.run([program], smallInputs(1));
  for (const each of [program, ...parameters, ...buffers]) each.dispose();
}

/** Calls `body` `count` times and takes footprints at intervals, after a warm-up of a tenth. */
async function watched(count: number, body: (i: number) => Promise<void>): Promise<Footprint[]> {
  const series: Footprint[] = [];
  const warm = Math.ceil(count / 10);
  const every = Math.max(1, Math.floor(count / SAMPLES));
  for (let i = 0; i < warm + count; i++) {
    await body(i);
    if (i >= warm && (i - warm) % every === 0) series.push(footprint());
  }
  return series;
}

function row(what: string, count: number, series: readonly Footprint[]): TortureRow {
  const finding = growth(series);
  const rss = series.map((each) => each.rss);
  const detail = `memory ${megabytes(Math.min(...rss))} to ${megabytes(Math.max(...rss))}, ` +
    `${series.at(-1)!.handles} handles`;
  return { what, count, findings: finding === null ? [] : [`${what}: ${finding}`], detail };
}

/** @param scale Share of the full counts. */
export async function leakRows(scale: number): Promise<TortureRow[]> {
  const scaled = (count: number) => Math.ceil(count * scale);
  const device = openDevice({ backend: "cpu", threads: 2 });
  try {
    const cycles = await watched(scaled(CYCLES), (i) => cycle(device, { run: i % 10 === 0 }));
    using dataset = smallDataset(device);
    const { program, parameters, buffers } = smallStep(device, dataset);
    const steps = await watched(scaled(STEPS), async (i) => {
      await device.run([program], smallInputs(1, i + 1));
    });
    for (const each of [program, ...parameters, ...buffers]) each.dispose();
    const devices = await watched(scaled(DEVICES), async () => {
      const own = openDevice({ backend: "cpu", threads: 2 });
      await cycle(own, { run: true });
      await own.close();
    });
    return [
      row("create and dispose cycles without growth", scaled(CYCLES), cycles),
      row("training steps without growth", scaled(STEPS), steps),
      row("devices opened and closed without growth", scaled(DEVICES), devices),
    ];
  } finally {
    await device.close();
  }
}

/** The full counts. */
export function leaksPart(_context: TortureContext): Promise<TortureRow[]> {
  return leakRows(1);
}
