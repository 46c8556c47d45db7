import assert from "node:assert/strict";
import * as path from "node:path";
import type { Config, WrittenConfig } from "../config/config.ts";
import type { Mode } from "../config/modes.ts";
import { stopsEarly } from "../training/early_stopping.ts";
import { learningRateAt } from "../training/schedule.ts";
import type { Snapshot } from "../training/snapshot.ts";
import { takeMasks, takeSnapshot } from "../training/snapshot.ts";
import { runLottery } from "./lottery.ts";
import { applyOverrides } from "./resolve.ts";
import { RunStore } from "./run_store.ts";
import {
  assertEqualSnapshots,
  halving,
  masked,
  silent,
  toyConfig,
  withToyDataset,
  withToyRun,
} from "./testing.ts";

Deno.test("with the same noise, a round that prunes nothing repeats the dense round bit for bit", () =>
  withToyDataset(async ({ directory, data }) => {
    for (const rewindTo of ["0", "5it", "1ep2it"]) {
      const training = { ...toyConfig(data).training, sameNoise: true };
      const config = toyConfig(data, { rewindTo, pruning: halving(1, 0), training });
      await withToyRun(
        { directory: path.join(directory, rewindTo), config },
        async ({ experiment, store }) => {
          await runLottery(experiment);
          assertEqualSnapshots(store.loadEnd(1), store.loadEnd(0));
          const [dense, ticket] = store.finishedRounds();
          assert.deepEqual(ticket!.epochs, dense!.epochs);
        },
      );
    }
  }));

Deno.test("each round has its own batches, sign flips and dropout", () =>
  withToyDataset(async ({ directory, data }) => {
    // With one batch per epoch every order is the same, so only flips and dropout differ.
    for (const batchSize of [4, 64]) {
      const { training, network } = toyConfig(data);
      const config = toyConfig(data, {
        mode: "lr-rewind",
        pruning: halving(3, 0),
        training: { ...training, batchSize, epochs: 1, learningRate: 1e-30 },
        network: { ...network, dropout: batchSize === 64 ? 0.5 : 0 },
      });
      await withToyRun(
        { directory: path.join(directory, `${batchSize}`), config },
        async ({ experiment, store }) => {
          await runLottery(experiment);
          // No update moves a weight, so equal noise would give equal losses.
          const losses = store.finishedRounds().map(({ epochs }) => epochs[0]!.trainLoss);
          assert.equal(new Set(losses).size, 4, losses.join(" "));
        },
      );
    }
  }));

Deno.test("with dropout in dense rounds alone, pruned rounds are those of a network without dropout", () =>
  withToyDataset(async ({ directory, data }) => {
    const { network, training } = toyConfig(data);
    const configOf = (
      dropout: number,
      dropoutRounds: Config["training"]["dropoutRounds"],
    ) =>
      toyConfig(data, {
        ...{ mode: "lr-rewind", pruning: halving(2) },
        network: { ...network, dropout },
        training: { ...training, epochs: 1, dropoutRounds },
      });
    const ends = async (name: string, config: Config, dense?: Snapshot) => {
      const run = { directory: path.join(directory, name), config };
      return await withToyRun(run, async ({ experiment, store }) => {
        if (dense) {
          store.loadEnd = (round) =>
            round === 0 ? dense : RunStore.prototype.loadEnd.call(store, round);
        }
        await runLottery(experiment);
        return [0, 1, 2].map((round) => RunStore.prototype.loadEnd.call(store, round));
      });
    };
    const [dense, first, second] = await ends("dense", configOf(0.5, "dense"));
    const everywhere = await ends("all", configOf(0.5, "all"));
    assertEqualSnapshots(everywhere[0]!, dense!);
    assert.throws(() => assertEqualSnapshots(everywhere[1]!, first!));
    (await ends("first", configOf(0.5, "first"))).forEach((end, round) =>
      assertEqualSnapshots(end, [dense, first, second][round]!)
    );
    const never = await ends("never", configOf(0, "all"), dense);
    assertEqualSnapshots(never[1]!, first!);
    assertEqualSnapshots(never[2]!, second!);
  }));

Deno.test("each round keeps exactly its count, masks only shrink, pruned weights are zero", () =>
  withToyDataset(async ({ directory, data }) => {
    const config = toyConfig(data, { pruning: halving(3) });
    await withToyRun(
      { directory: path.join(directory, "run"), config },
      async ({ experiment, store }) => {
        await runLottery(experiment);
        const rounds = store.finishedRounds();
        let expected = rounds[0]!.prunable;
        let before: Snapshot | null = null;
        for (const { round, kept, layers } of rounds) {
          assert.equal(kept, expected);
          assert.equal(layers.reduce((sum, layer) => sum + layer.kept, 0), kept);
          expected -= Math.round(expected / 2);
          if (round === 0) continue;
          const masks = store.loadMasks(round);
          const end = store.loadEnd(round);
          assertEqualSnapshots(masked(end, masks), end);
          for (const [key, { data: mask }] of masks) {
            if (!before) continue;
            const wider = before.get(key)!.data;
            const regrown = [...mask].findIndex((bit, i) => bit && !wider[i]);
            assert.equal(regrown, -1, `${key} regrew in round ${round}`);
          }
          before = masks;
        }
        assert.ok(rounds[3]!.macs < rounds[0]!.macs / 2);
        const [dense, , , sparse] = store.loadTiming().rounds;
        assert.equal(dense!.kernels!["stem"], "forward=dense dgrad=dense wgrad=dense");
        assert.match(sparse!.kernels!["block1.conv1"]!, /^forward=sparse\/\d+ dgrad=sparse\/\d+ /);
      },
    );
  }));

Deno.test("each mode starts retraining from the state in its definition", () =>
  withToyDataset(async ({ directory, data }) => {
    for (const mode of ["weight-rewind", "lr-rewind", "finetune"] satisfies Mode[]) {
      const config = toyConfig(data, { mode, rewindTo: "4it" });
      await withToyRun(
        { directory: path.join(directory, mode), config },
        async ({ experiment, bench, store }) => {
          await runLottery(Object.create(experiment, { rounds: { value: 0 } }));
          await experiment.prune(1);
          await experiment.rewind(1);
          const masks = takeMasks(bench.network);
          const start = takeSnapshot(bench.network, { optimiser: true });
          const point = store.loadRewindPoint();
          if (mode === "weight-rewind") {
            // Weights, statistics and Adam's moments of step 4.
            assertEqualSnapshots(start, masked(point.snapshot, masks));
            assert.equal(point.state.stepsInEpoch, 4);
          } else {
            const kept = masked(store.loadEnd(0), masks);
            for (const [key, { data }] of start) {
              const expected = kept.get(key)?.data ?? new Float32Array(data.length);
              assert.deepEqual(data, expected, `${mode} ${key}`);
            }
          }
          await experiment.train(1);
          await experiment.finish(1);
          const [dense, ticket] = store.finishedRounds();
          const rates = ticket!.epochs.map((row) => row.learningRate);
          const schedule = dense!.epochs.map((row) => row.learningRate);
          assert.ok(schedule.at(-1)! < schedule[0]!);
          const final = schedule.map(() => schedule.at(-1)!);
          assert.deepEqual(rates, mode === "finetune" ? final : schedule, mode);
        },
      );
    }
  }));

/** Every optional setting of training; none is a default. */
const RECIPE: Partial<Config["training"]> = {
  schedule: { kind: "cosine", floor: 0.01 },
  warmup: 0.5,
  optimizer: "adamw",
  weightDecay: 0.1,
  average: 0.9,
  loss: { labelSmoothing: 0.1, classWeights: "balanced", focal: 1 },
};

/** Every augmentation of training records. */
function augmentation(data: string): Config["training"]["augment"] {
  return applyOverrides(toyConfig(data), {
    ...{ stretch: [0.9, 1.1], crop: 2, amplitude: [0.5, 2], wander: [0, 0.1], noise: [0, 0.05] },
    ...{ mixup: 0.2, bursts: [2, 0.05], masks: [1, 0.2] },
  }).training.augment;
}

Deno.test("a run that is stopped after every chunk and resumed from disk ends bit-equal", () =>
  withToyDataset(async ({ directory, data }) => {
    const early = { patience: 1, minEpochs: 2, metric: "score" } as const;
    const { training } = toyConfig(data);
    const variants: [string, Partial<WrittenConfig>][] = [
      ["weight-rewind", { rewindTo: "3it" }],
      ["finetune", { mode: "finetune", rewindTo: "3it" }],
      ["early", { training: { ...training, epochs: 6, earlyStopping: early } }],
      ["recipe", { training: { ...training, ...RECIPE }, rewindTo: "5it" }],
      ["augmented", { training: { ...training, augment: augmentation(data) } }],
      ["dropout", {
        network: { ...toyConfig(data).network, dropout: 0.5 },
        training: { ...training, dropoutRounds: "dense" },
      }],
      ["snip", { pruning: { ...halving(2), criterion: "snip" } }],
      ["grasp", { pruning: { ...halving(2), criterion: "grasp" } }],
      ["synflow", { pruning: { ...halving(2), criterion: "synflow" } }],
    ];
    for (const [name, changes] of variants) {
      const config = toyConfig(data, changes);
      const whole = { directory: path.join(directory, `${name}-whole`), config };
      const parts = { directory: path.join(directory, `${name}-parts`), config };
      await withToyRun(whole, ({ experiment }) => runLottery(experiment));
      let stops = 0;
      const observer = { ...silent, stopRequested: () => true };
      for (;; stops++) {
        const outcome = await withToyRun(
          { ...parts, observer, threads: 1 + stops % 3 },
          ({ experiment }) => runLottery(experiment),
        );
        if (outcome === "finished") break;
      }
      assert.ok(stops > 10, `only ${stops} stops`);
      await withToyRun(whole, ({ store: a }) =>
        withToyRun(parts, ({ store: b }) => {
          assert.deepEqual(b.finishedRounds(), a.finishedRounds());
          for (const round of [0, 1, 2]) {
            assertEqualSnapshots(b.loadEnd(round), a.loadEnd(round));
            if (round > 0) assertEqualSnapshots(b.loadMasks(round), a.loadMasks(round));
          }
          return Promise.resolve();
        }));
    }
  }));

Deno.test("a schedule by steps continues from the rewind point, and finetune takes its last rate", () =>
  withToyDataset(async ({ directory, data }) => {
    const { training } = toyConfig(data);
    const at = { epochs: 3, initial: training.learningRate, warmup: 0.5, devLosses: [] };
    const schedule = { kind: "linear", floor: 0.2 } as const;
    for (const mode of ["weight-rewind", "lr-rewind", "finetune"] satisfies Mode[]) {
      const changes = { mode, rewindTo: "4it", pruning: halving(1) };
      const config = toyConfig(data, {
        ...changes,
        training: { ...training, epochs: 3, schedule, warmup: 0.5 },
      });
      await withToyRun(
        { directory: path.join(directory, mode), config },
        async ({ experiment, bench, store }) => {
          const steps: number[] = [];
          const run = bench.device.run.bind(bench.device);
          bench.device.run = (programs, inputs) => {
            steps.push(...inputs.learningRates ?? []);
            return run(programs, inputs);
          };
          await runLottery(experiment);
          const { stepsPerEpoch } = bench;
          const rates = Array.from(
            { length: 3 * stepsPerEpoch },
            (_, step) => Math.fround(learningRateAt(schedule, { ...at, step, stepsPerEpoch })),
          );
          const last = training.learningRate * 0.2;
          const retraining = {
            "weight-rewind": rates.slice(4),
            "lr-rewind": rates,
            finetune: rates.map(() => Math.fround(last)),
          };
          assert.deepEqual(steps, [...rates, ...retraining[mode]], mode);
          for (const { epochs } of store.finishedRounds()) {
            assert.equal(epochs.at(-1)!.learningRate, last);
          }
        },
      );
    }
  }));

Deno.test("averaging: a round ends with the average, a rewind point keeps weights and averages", () =>
  withToyDataset(async ({ directory, data }) => {
    const { training } = toyConfig(data);
    for (const mode of ["weight-rewind", "lr-rewind"] satisfies Mode[]) {
      const config = toyConfig(data, {
        mode,
        rewindTo: "4it",
        pruning: halving(1),
        training: { ...training, average: 0.8 },
      });
      await withToyRun(
        { directory: path.join(directory, mode), config },
        async ({ experiment, bench, store }) => {
          await runLottery(Object.create(experiment, { rounds: { value: 0 } }));
          const end = store.loadEnd(0);
          assert.deepEqual([...end.keys()].filter((key) => key.startsWith("average/")), []);
          for (const { name, parameter } of bench.network.parameters) {
            assert.deepEqual(parameter.read("average"), end.get(`value/${name}`)!.data, name);
          }
          await experiment.prune(1);
          await experiment.rewind(1);
          const masks = takeMasks(bench.network);
          const start = takeSnapshot(bench.network, { optimiser: true });
          if (mode === "weight-rewind") {
            const point = store.loadRewindPoint().snapshot;
            assertEqualSnapshots(start, masked(point, masks));
            assert.notDeepEqual(point.get("average/stem.weight"), point.get("value/stem.weight"));
          } else {
            for (const [key, { data }] of masked(end, masks)) {
              assert.deepEqual(start.get(key)!.data, data, key);
            }
          }
        },
      );
    }
  }));

Deno.test("early stopping shortens a round and changes nothing before its end", () =>
  withToyDataset(async ({ directory, data }) => {
    const { training } = toyConfig(data);
    const rowsWith = async (earlyStopping: WrittenConfig["training"]["earlyStopping"]) => {
      const config = toyConfig(data, {
        training: { ...training, epochs: 12, earlyStopping },
        pruning: halving(0),
      });
      const name = earlyStopping ? `patience${earlyStopping.patience}` : "off";
      const run = { directory: path.join(directory, name), config };
      return await withToyRun(run, async ({ experiment, store }) => {
        await runLottery(experiment);
        return store.finishedRounds()[0]!.epochs;
      });
    };
    const whole = await rowsWith(null);
    assert.equal(whole.length, 12);
    const lengths = [];
    for (const patience of [1, 2]) {
      const settings = { patience, minEpochs: 3, metric: "score" } as const;
      const rows = await rowsWith(settings);
      const end = whole.findIndex((_, i) => stopsEarly(settings, whole.slice(0, i + 1)));
      assert.deepEqual(rows, end < 0 ? whole : whole.slice(0, end + 1));
      lengths.push(rows.length);
    }
    assert.ok(lengths[0]! < 12, `no round ended early: ${lengths}`);
  }));

Deno.test("the toy problem is learnt: the tests above are about real training", () =>
  withToyDataset(async ({ directory, data }) => {
    const config = toyConfig(data, {
      pruning: halving(1, 0.3),
      training: { ...toyConfig(data).training, epochs: 12 },
    });
    await withToyRun(
      { directory: path.join(directory, "run"), config },
      async ({ experiment, store }) => {
        await runLottery(experiment);
        for (const round of store.finishedRounds()) {
          assert.ok(round.test!.score > 0.9, `round ${round.round}: ${round.test!.score}`);
        }
      },
    );
  }));
