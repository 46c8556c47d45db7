import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Config, WrittenConfig } from "../config/config.ts";
import { loadDataset } from "../data/dataset.ts";
import { cubicKeep } from "../pruning/mask_policies/gradual.ts";
import { erkCounts } from "../pruning/erk.ts";
import { keepCounts } from "../pruning/plan.ts";
import { keptByEpoch } from "../report/mask_size.ts";
import { decodeTicket, encodeTicket } from "../ticket/ticket_file.ts";
import { ticketOfRound } from "../ticket/ticket_of_run.ts";
import { type Snapshot, takeMasks, takeSnapshot } from "../training/snapshot.ts";
import { openBase } from "./control_base.ts";
import { controlConfig } from "./control_config.ts";
import { runLottery } from "./lottery.ts";
import { RunStore } from "./run_store.ts";
import {
  assertEqualSnapshots,
  assertSameResults,
  doToyRun,
  halving,
  masked,
  toyConfig,
  withToyDataset,
  withToyStage,
} from "./testing.ts";

/** 18 updates, 6 an epoch. */
const SCHEDULES = {
  gradual: { kind: "gradual", every: "3it", begin: 0.3, end: 0.9 },
  set: { kind: "set", every: "1ep", share: 0.4, end: 1 },
  rigl: { kind: "rigl", every: "4it", share: 0.5, end: 0.8 },
} as const;
type Name = keyof typeof SCHEDULES;
const NAMES = Object.keys(SCHEDULES) as Name[];

function singleConfig(data: string, mode: Name, changes: Partial<WrittenConfig> = {}): Config {
  const { training } = toyConfig(data);
  return toyConfig(data, {
    mode,
    pruning: {
      ...{ rounds: 1, target: 8, criterion: "magnitude", keepLayers: [] },
      schedule: SCHEDULES[mode],
    },
    ...changes,
    training: { ...training, ...changes.training, kernels: "density" },
  });
}

Deno.test("a single training that is stopped after every chunk and resumed from disk ends bit-equal", () =>
  withToyDataset(async ({ directory, data }) => {
    const { training } = toyConfig(data);
    const recipe = { ...training, optimizer: "adamw", weightDecay: 0.1, average: 0.9 } as const;
    const variants: [string, Config][] = [
      ...NAMES.map((name): [string, Config] => [name, singleConfig(data, name)]),
      ["recipe", singleConfig(data, "rigl", { training: recipe })],
    ];
    for (const [name, config] of variants) {
      const [whole, parts] = ["whole", "parts"].map((end) =>
        path.join(directory, `${name}-${end}`)
      );
      await doToyRun({ directory: whole!, config });
      let stops = 0;
      for (;; stops++) {
        const run = { directory: parts!, config, threads: 1 + stops % 3, stop: () => true };
        if ((await doToyRun(run)).outcome === "finished") break;
      }
      assert.ok(stops > 10, `only ${stops} stops`);
      assertSameResults(parts!, whole!, name);
    }
  }));

/** The network at one moment, with the moments of its optimiser. */
interface Moment {
  readonly numbers: Snapshot;
  readonly masks: Snapshot;
}

/** Does a run; the network before and after each native call of training steps, with its number of steps. */
async function callsOf(
  run: { directory: string; config: Config },
): Promise<{ before: Moment; after: Moment; steps: number }[]> {
  return await withToyStage(run, async ({ bench, rounds }) => {
    const { device, network } = bench;
    const moment = (): Moment => ({
      numbers: takeSnapshot(network, { optimiser: true }),
      masks: takeMasks(network),
    });
    const calls: { before: Moment; after: Moment; steps: number }[] = [];
    const own = device.run.bind(device);
    device.run = async (programs, inputs) => {
      if (inputs.learningRates === undefined) return await own(programs, inputs);
      const before = moment();
      const results = await own(programs, inputs);
      calls.push({ before, after: moment(), steps: programs.length });
      return results;
    };
    await runLottery(rounds);
    return calls;
  });
}

const bits = (masks: Snapshot) => [...masks.values()].map(({ data }) => data as Uint8Array);
const counts = (masks: Snapshot) => bits(masks).map((mask) => mask.reduce((a, b) => a + b, 0));
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

Deno.test("a change touches no weight that stays, new weights and their moments are 0, counts are exact", () =>
  withToyDataset(async ({ directory, data }) => {
    for (const name of NAMES) {
      const config = singleConfig(data, name);
      const run = { directory: path.join(directory, name), config };
      const calls = await callsOf(run);
      const changed = calls.slice(1).map(({ before }, i) => ({
        before: calls[i]!.after,
        now: before,
      }))
        .filter(({ before, now }) => String(bits(before.masks)) !== String(bits(now.masks)));
      assert.ok(changed.length >= 2, `${name}: ${changed.length} changes`);
      for (const { before, now } of changed) {
        if (name !== "gradual") assert.deepEqual(counts(now.masks), counts(before.masks));
        let [kept, grown] = [0, 0];
        for (const [key, { data: mask }] of now.masks) {
          for (const slot of ["value", "moment1", "moment2"]) {
            const at = key.replace("mask", slot);
            const [was, is] = [before, now].map(({ numbers }) => numbers.get(at)!.data);
            const old = before.masks.get(key)!.data;
            mask.forEach((bit, i) => {
              const expected = bit && old[i] ? was![i] : 0;
              assert.ok(
                Object.is(is![i], expected) || (is![i] === 0 && expected === 0),
                `${at}[${i}]`,
              );
              if (bit) old[i] ? kept++ : grown++;
            });
          }
        }
        assert.equal(grown > 0, name !== "gradual", `${name}: ${kept} kept, ${grown} grown`);
        // Everything that has no mask stays, too: biases, norms, running statistics.
        for (const [at, { data }] of now.numbers) {
          if (!at.endsWith(".weight")) assert.deepEqual(data, before.numbers.get(at)!.data, at);
        }
      }
    }
  }));

Deno.test("the masks have the counts of the definition, and the summary says what the training cost", () =>
  withToyDataset(async ({ directory, data }) => {
    for (const name of NAMES) {
      const config = singleConfig(data, name);
      const run = { directory: path.join(directory, name), config };
      const calls = await callsOf(run);
      const store = new RunStore(run.directory);
      const [summary] = store.finishedRounds();
      const { prunable, kept, layers, training } = summary!;
      const [keep] = keepCounts(prunable, config.pruning);
      assert.equal(kept, keep);
      assert.deepEqual(layers.map((layer) => layer.kept), counts(store.loadMasks(1)));
      const steps = calls.flatMap(({ before, steps }) =>
        new Array<number>(steps).fill(sum(counts(before.masks)))
      );
      assert.equal(steps.length, 18);
      assert.equal(training!.density, sum(steps) / 18 / prunable);
      // The report has the size of the masks from the settings.
      const atEnds = name === "gradual" ? [steps[5], steps[11], steps[17]] : null;
      assert.deepEqual(keptByEpoch(summary!, { ...config }), atEnds);
      if (name === "gradual") {
        // From update 5 (0.3 of 18) to 16 (0.9), every 3: after 8, 11 and 14 updates.
        const at = (change: number) =>
          cubicKeep({ total: prunable, keep: keep! }, { change, of: 3 });
        const expected = steps.map((_, i) => i < 8 ? prunable : at(i < 11 ? 1 : i < 14 ? 2 : 3));
        assert.deepEqual(steps, expected);
        assert.deepEqual([training!.maskChanges, training!.denseGradients], [3, 0]);
      } else {
        assert.ok(steps.every((count) => count === keep));
        const shapes = layers.map(({ shape }) => ({ shape: shape as [number, number, number] }));
        assert.deepEqual(counts(calls[0]!.before.masks), erkCounts(shapes, keep!));
        // SET after updates 6 and 12; RigL after 4, 8 and 12 of at most 14.
        const dense = name === "rigl" ? 3 : 0;
        assert.deepEqual(
          [training!.maskChanges, training!.denseGradients],
          [name === "rigl" ? 3 : 2, dense],
        );
        const { macs, denseMacs } = summary!;
        assert.equal(training!.macs, (18 * macs + dense * denseMacs) / 18);
      }
    }
  }));

Deno.test("until its first change, gradual pruning with the same noise is the dense round, bit for bit", () =>
  withToyDataset(async ({ directory, data }) => {
    const schedule = { kind: "gradual", every: "1it", begin: 0.7, end: 1 } as const;
    const training = { ...toyConfig(data).training, sameNoise: true };
    const config = singleConfig(data, "gradual", { training });
    const own = { ...config, pruning: { ...config.pruning, schedule } };
    await doToyRun({ directory: path.join(directory, "gradual"), config: own });
    const plain = toyConfig(data, { pruning: halving(0) });
    await doToyRun({ directory: path.join(directory, "dense"), config: plain });
    const rows = ["gradual", "dense"].map((name) =>
      new RunStore(path.join(directory, name)).finishedRounds()[0]!.epochs
    );
    assert.deepEqual(rows[0]!.slice(0, 2), rows[1]!.slice(0, 2));
    assert.notDeepEqual(rows[0]![2], rows[1]![2]);
  }));

Deno.test("controls train the last mask from the beginning; those that repeat the base's training are refused", () =>
  withToyDataset(async ({ directory, data }) => {
    const base = path.join(directory, "base");
    await doToyRun({ directory: base, config: singleConfig(data, "rigl") });
    const opened = openBase(base, "take masks from");
    const point = opened.store.loadRewindPoint().snapshot;
    for (const kind of ["reinit", "shuffle", "random-erk", "signs", "dense-small"] as const) {
      const config = controlConfig(opened, { kind, rounds: null });
      const { summary } = await doToyRun({ directory: path.join(directory, kind), config });
      assert.deepEqual([summary.complete, summary.rounds.length], [true, 1], kind);
      assert.equal(summary.rounds[0]!.training, undefined);
      if (kind !== "shuffle") continue;
      const store = new RunStore(path.join(directory, kind));
      const masks = store.loadMasks(1);
      assert.deepEqual(counts(masks), counts(opened.store.loadMasks(1)));
      await withToyStage({ directory: path.join(directory, "start"), config }, async (control) => {
        await control.rounds.prune(1);
        await control.rounds.rewind(1);
        const start = takeSnapshot(control.bench.network, { optimiser: true });
        assertEqualSnapshots(start, masked(point, masks));
      });
    }
    for (
      const [kind, why] of [
        ["continue", /mode rigl trains no dense network that could be trained on/],
        ["reorder", /it repeats the training of a fixed mask, and mode rigl changes the mask/],
      ] as const
    ) {
      assert.throws(() => controlConfig(opened, { kind, rounds: null }), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, why);
        return true;
      });
    }
  }));

Deno.test("a single training neither takes nor gives a dense round, in one sentence", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = singleConfig(data, "set");
    const plain = toyConfig(data, { pruning: halving(1) });
    await doToyRun({ directory: at("rounds"), config: plain });
    await doToyRun({ directory: at("set"), config });
    const refused = (run: Parameters<typeof doToyRun>[0], why: RegExp) =>
      assert.rejects(doToyRun(run), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, why);
        return true;
      });
    const directoryOf = { directory: at("new") };
    await refused(
      { ...directoryOf, config, dense: { from: at("rounds"), otherwise: "refuse" } },
      /Cannot take the dense round from .*: mode set trains once, from initialisation/,
    );
    await refused(
      { ...directoryOf, config, forkFrom: at("rounds") },
      /Cannot fork .*no rounds to take/,
    );
    await refused(
      { ...directoryOf, config: plain, forkFrom: at("set") },
      /mode set trains once, so/,
    );
    await refused(
      { ...directoryOf, config: plain, dense: { from: at("set"), otherwise: "refuse" } },
      /its dense round is not/,
    );
    assert.ok(!fs.existsSync(at("new")));
  }));

Deno.test("kept layers stay whole, the seed decides the masks, a ticket can be made", () =>
  withToyDataset(async ({ directory, data }) => {
    for (const name of NAMES) {
      const config = singleConfig(data, name);
      const pruning = { ...config.pruning, target: 4, keepLayers: ["stem", "head"] };
      const masks = [];
      for (const seed of [3, 3, 4]) {
        const run = path.join(directory, `${name}-${masks.length}`);
        const { summary } = await doToyRun({
          directory: run,
          config: { ...config, pruning, seed },
        });
        const [round] = summary.rounds;
        assert.equal(round!.kept, Math.floor(round!.prunable / 4));
        assert.deepEqual([summary.complete, summary.plannedRounds, round!.round], [true, 1, 1]);
        for (const { name, kept, size } of round!.layers) {
          if (/^(stem|head)/.test(name)) assert.equal(kept, size, name);
        }
        masks.push(new RunStore(run).loadMasks(1));
      }
      assert.deepEqual(masks[1], masks[0]);
      assert.notDeepEqual(masks[2], masks[0]);
      const store = new RunStore(path.join(directory, `${name}-0`));
      const dataset = loadDataset(data);
      const ticket = ticketOfRound({ store, name, config, dataset, licence: "none" });
      const again = decodeTicket(encodeTicket(ticket), "it");
      const weights = again.network.tensors.get("block0.conv1.weight")!;
      const mask = masks[0]!.get("mask/block0.conv1.weight")!.data;
      assert.ok(mask.every((bit, i) => bit === 1 || weights[i] === 0));
    }
  }));
