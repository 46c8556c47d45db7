import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { type ControlKind, CONTROLS } from "../config/controls.ts";
import { RunStore } from "./run_store.ts";
import { heDeviation } from "../model/initializers.ts";
import { prunableWeights } from "../model/graph.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import type { Snapshot } from "../training/snapshot.ts";
import { takeMasks, takeSnapshot } from "../training/snapshot.ts";
import { type ControlBase, openBase } from "./control_base.ts";
import { erkCounts } from "../pruning/erk.ts";
import { controlConfig } from "./control_config.ts";
import { CONTROL_POLICIES, FRESH_SEED_OFFSET } from "../config/controls.ts";
import { smallResnet } from "./small_network.ts";
import {
  assertEqualSnapshots,
  doToyRun,
  halving,
  masked,
  toyConfig,
  withToyDataset,
  withToyStage,
} from "./testing.ts";

/** A finished toy run to branch off. */
async function makeBase(
  context: { directory: string; data: string },
  changes: Partial<Config> = {},
): Promise<ControlBase> {
  const directory = path.join(context.directory, changes.mode ?? "base");
  await doToyRun({ directory, config: toyConfig(context.data, changes) });
  return openBase(directory, "take masks from");
}

/** The state from which round 2 of a control starts training. */
function startOf(base: ControlBase, kind: ControlKind) {
  const config = controlConfig(base, { kind, rounds: [2] });
  const directory = `${base.store.directory}-${kind}-start`;
  return withToyStage({ directory, config }, async ({ bench, rounds, store }) => {
    assert.ok(rounds.isDone(0) && rounds.isDone(1) && !rounds.isDone(2));
    await rounds.prune(2);
    await rounds.rewind(2);
    const start = takeSnapshot(bench.network, { optimiser: true });
    const masks = takeMasks(bench.network);
    assertEqualSnapshots(store.loadMasks(2), masks);
    bench.network.initialise(config.seed);
    const initial = takeSnapshot(bench.network, { optimiser: false });
    bench.network.initialise(config.seed + FRESH_SEED_OFFSET);
    const fresh = takeSnapshot(bench.network, { optimiser: false });
    return { start, masks, initial, fresh };
  });
}

function counts(masks: Snapshot): number[] {
  return [...masks.values()].map(({ data }) => (data as Uint8Array).reduce((a, b) => a + b, 0));
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The tensors of `snapshot` that are not moments; fails unless all moments are 0. */
function withoutMoments(snapshot: Snapshot): Snapshot {
  return new Map([...snapshot].filter(([key, { data }]) => {
    if (!key.startsWith("moment")) return true;
    assert.ok((data as Float32Array).every((x) => x === 0), key);
    return false;
  }));
}

Deno.test("each control changes only what its name says", () =>
  withToyDataset(async (context) => {
    const base = await makeBase(context, { rewindTo: "4it", pruning: halving(2, 0.6) });
    const ticket = base.store.loadMasks(2);
    const point = base.store.loadRewindPoint().snapshot;

    const reinit = await startOf(base, "reinit");
    assertEqualSnapshots(reinit.masks, ticket);
    assertEqualSnapshots(withoutMoments(reinit.start), masked(reinit.fresh, ticket));
    for (const [key, { data }] of reinit.start) {
      const original = masked(reinit.initial, ticket).get(key);
      if (!original) continue;
      const mask = ticket.get(key.replace("value", "mask"));
      (data as Float32Array).forEach((x, i) => {
        assert.equal(x !== original.data[i], mask?.data[i] === 1, `${key}[${i}]`);
      });
    }

    const shuffle = await startOf(base, "shuffle");
    assert.deepEqual(counts(shuffle.masks), counts(ticket));
    assert.notDeepEqual(shuffle.masks, ticket);
    assertEqualSnapshots(shuffle.start, masked(point, shuffle.masks));

    for (const kind of ["random-uniform", "random-erk"] as const) {
      const random = await startOf(base, kind);
      assert.equal(sum(counts(random.masks)), sum(counts(ticket)));
      assert.notDeepEqual(counts(random.masks), counts(ticket));
      assertEqualSnapshots(random.start, masked(point, random.masks));
      if (kind === "random-uniform") continue;
      const layers = [...random.masks.values()].map(({ shape }) => ({
        shape: shape as [number, number, number],
      }));
      assert.deepEqual(counts(random.masks), erkCounts(layers, sum(counts(ticket))));
    }

    const signs = await startOf(base, "signs");
    assertEqualSnapshots(signs.masks, ticket);
    const { init } = base.config.network;
    for (const [key, { shape, data }] of withoutMoments(signs.start)) {
      const mask = ticket.get(key.replace("value", "mask"));
      const original = signs.initial.get(key)!.data;
      if (!mask) {
        assert.deepEqual(data, original, key);
        continue;
      }
      const size = Math.fround(heDeviation(shape as [number, number, number], init));
      (data as Float32Array).forEach((x, i) => {
        assert.equal(x, mask.data[i] ? Math.sign(Number(original[i])) * size : 0, `${key}[${i}]`);
      });
    }

    const small = await startOf(base, "dense-small");
    const { kept } = base.rounds.get(2)!;
    const [filters, , kernel] = small.masks.get("mask/stem.weight")!.shape;
    const network = { ...base.config.network, classes: 2 };
    const sizes = smallResnet(network, kept);
    assert.deepEqual([filters, kernel], [sizes.filters, sizes.kernel]);
    assert.equal(
      sum(counts(small.masks)),
      prunableWeights(resnet1dGraph({ ...network, ...sizes })),
    );
    assertEqualSnapshots(withoutMoments(small.start), small.fresh);
  }));

Deno.test("if the base keeps its weights, other masks are applied to its trained dense network", () =>
  withToyDataset(async (context) => {
    for (const mode of ["lr-rewind", "finetune"] as const) {
      const base = await makeBase(context, { mode });
      const { start, masks } = await startOf(base, "shuffle");
      assertEqualSnapshots(withoutMoments(start), masked(base.store.loadEnd(0), masks));
      const directory = `${base.store.directory}-shuffle`;
      const config = controlConfig(base, { kind: "shuffle", rounds: [1] });
      const { summary } = await doToyRun({ directory, config });
      const rates = (rounds: typeof summary.rounds) =>
        rounds.map(({ epochs }) => epochs.map((row) => row.learningRate));
      assert.deepEqual(rates(summary.rounds), rates([base.rounds.get(1)!]), mode);
    }
  }));

Deno.test("reorder changes only the data order: with the base's order it repeats the base", () =>
  withToyDataset(async (context) => {
    const modes = [["weight-rewind", "4it"], ["lr-rewind", "0"], ["finetune", "0"]] as const;
    for (const [mode, rewindTo] of modes) {
      const base = await makeBase(context, { mode, rewindTo });
      const config = controlConfig(base, { kind: "reorder", rounds: null });
      assert.deepEqual(config.control!.rounds, [0, 1, 2]);
      const same = new RunStore(`${base.store.directory}-same`);
      await doToyRun({ directory: same.directory, config: { ...config, orderSeed: null } });
      const other = new RunStore(`${base.store.directory}-other`);
      await doToyRun({ directory: other.directory, config });
      for (const round of [0, 1, 2]) {
        assertEqualSnapshots(same.loadEnd(round), base.store.loadEnd(round));
        assert.notDeepEqual(other.loadEnd(round), base.store.loadEnd(round));
      }
    }
  }));

Deno.test("a control's summary has the chosen rounds with the base's densities", () =>
  withToyDataset(async (context) => {
    const base = await makeBase(context, { pruning: halving(3) });
    for (const kind of CONTROLS) {
      if (kind === "reorder") continue; // above
      const directory = `${base.store.directory}-${kind}`;
      const config = controlConfig(base, { kind, rounds: [3, 1] });
      const { summary, outcome } = await doToyRun({ directory, config });
      assert.equal(outcome, "finished");
      assert.ok(summary.complete);
      assert.deepEqual(summary.control, { kind, base: base.name });
      // Continuing needs the round in between.
      const expected = kind === "continue" ? [1, 2, 3] : [1, 3];
      assert.deepEqual(summary.rounds.map(({ round }) => round), expected);
      for (const round of summary.rounds) {
        const original = base.rounds.get(round.round)!;
        assert.equal(round.epochs.length, original.epochs.length);
        assert.equal(round.prunable, original.prunable);
        assert.equal(round.density, round.kept / original.prunable);
        assert.equal(sum(round.layers.map((layer) => layer.kept)), round.kept);
        const { masks } = CONTROL_POLICIES[kind];
        if (masks !== "none") assert.equal(round.kept, original.kept);
        else assert.equal(sum(round.layers.map((layer) => layer.size)), round.kept);
      }
    }
  }));

Deno.test("continue trains the dense network further, cycle after cycle, without pruning", () =>
  withToyDataset(async (context) => {
    for (const mode of ["weight-rewind", "lr-rewind"] as const) {
      const base = await makeBase(context, { mode, rewindTo: "4it" });
      const config = controlConfig(base, { kind: "continue", rounds: [2] });
      assert.deepEqual(config.control!.rounds, [1, 2], "a round needs those before it");
      const directory = `${base.store.directory}-continue`;
      const { summary } = await doToyRun({ directory, config });
      const dense = base.rounds.get(0)!;
      assert.deepEqual(summary.rounds.map(({ round, kept }) => [round, kept]), [
        [1, dense.kept],
        [2, dense.kept],
      ]);
      // The whole schedule each time, whatever the base rewinds to.
      const rates = dense.epochs.map((row) => row.learningRate);
      for (const { epochs } of summary.rounds) {
        assert.deepEqual(epochs.map((row) => row.learningRate), rates);
        assert.equal(epochs.at(-1)!.step, dense.epochs.at(-1)!.step);
      }
      const store = new RunStore(directory);
      const [config3, directory3] = [
        controlConfig(base, { kind: "continue", rounds: [1] }),
        `${directory}-start`,
      ];
      await withToyStage({ directory: directory3, config: config3 }, async ({ bench, rounds }) => {
        await rounds.prune(1);
        await rounds.rewind(1);
        const start = takeSnapshot(bench.network, { optimiser: true });
        assertEqualSnapshots(withoutMoments(start), base.store.loadEnd(0));
      });
      // It needs no masks, so it can train a run further that was never pruned, and as often as it is asked to.
      const dense0 = path.join(context.directory, `${mode}-dense`);
      const neverPruned = toyConfig(context.data, { mode, rewindTo: "4it", pruning: halving(0) });
      await doToyRun({ directory: dense0, config: neverPruned });
      const longer = controlConfig(openBase(dense0, "take masks from"), {
        ...{ kind: "continue", rounds: [3] },
      });
      assert.deepEqual(longer.control!.rounds, [1, 2, 3]);
      await doToyRun({ directory: `${dense0}-continue`, config: longer });
      for (const round of [1, 2]) {
        const end = new RunStore(`${dense0}-continue`).loadEnd(round);
        assertEqualSnapshots(store.loadEnd(round), end);
      }
      // A run that prunes nothing and rewinds the learning rate does the same training.
      const idle = path.join(context.directory, `${mode}-idle`);
      await doToyRun({
        directory: idle,
        config: toyConfig(context.data, { mode: "lr-rewind", pruning: halving(2, 0) }),
      });
      for (const round of [1, 2]) {
        assertEqualSnapshots(store.loadEnd(round), new RunStore(idle).loadEnd(round));
      }
    }
  }));

Deno.test("a control that is stopped after every chunk and resumed ends bit-equal", () =>
  withToyDataset(async (context) => {
    const base = await makeBase(context, { rewindTo: "3it" });
    for (const kind of ["continue", "shuffle", "reinit", "dense-small"] as const) {
      const config = controlConfig(base, { kind, rounds: null });
      const whole = `${base.store.directory}-${kind}-whole`;
      const parts = `${base.store.directory}-${kind}-parts`;
      const expected = await doToyRun({ directory: whole, config });
      let stops = 0;
      for (;; stops++) {
        const { outcome } = await doToyRun({
          directory: parts,
          config,
          threads: 1 + stops % 2,
          stop: () => true,
        });
        if (outcome === "finished") break;
      }
      assert.ok(stops > 5, `only ${stops} stops`);
      const [a, b] = [new RunStore(whole), new RunStore(parts)];
      assert.deepEqual(b.finishedRounds(), expected.summary.rounds);
      for (const { round } of expected.summary.rounds) {
        assertEqualSnapshots(b.loadEnd(round), a.loadEnd(round));
        assertEqualSnapshots(b.loadMasks(round), a.loadMasks(round));
      }
    }
  }));

Deno.test("small dense networks match the ticket's weights closely, each size once", () =>
  withToyDataset(async (context) => {
    const base = await makeBase(context, { pruning: halving(6, 0.7) });
    const config = controlConfig(base, { kind: "dense-small", rounds: null });
    // The last two tickets are smaller than the smallest network.
    assert.deepEqual(config.control!.rounds, [1, 2, 3, 4]);
  }));

Deno.test("a base that cannot be used is refused with the reason", () =>
  withToyDataset(async (context) => {
    const base = await makeBase(context);
    const refused = async (act: () => unknown, message: RegExp) => {
      await assert.rejects(async () => await act(), (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(() => openBase("/no/where", "take masks from"), /there is no run in \/no\/where/);
    await refused(
      () => controlConfig(base, { kind: "reinit", rounds: [1, 7] }),
      /Cannot use round 7 of .*there are pruned rounds 1 to 2/,
    );
    await refused(
      () => controlConfig(base, { kind: "continue", rounds: [0, 1] }),
      /Cannot train round 0 of .* further: it is where this control begins/,
    );
    const neverPruned = path.join(context.directory, "never-pruned");
    await doToyRun({
      directory: neverPruned,
      config: toyConfig(context.data, { pruning: halving(0) }),
    });
    const dense = openBase(neverPruned, "take masks from");
    for (
      const [kind, rounds] of [["reinit", [1]], ["reorder", null]] as const
    ) {
      await refused(() => controlConfig(dense, { kind, rounds }), /it has no pruned round$/);
    }
    await refused(
      () => controlConfig(dense, { kind: "continue", rounds: null }),
      /it has no pruned round; say how often, as in --rounds 1,2$/,
    );
    const unfinished = path.join(context.directory, "unfinished");
    await doToyRun({ directory: unfinished, config: toyConfig(context.data), stop: () => true });
    await refused(() => openBase(unfinished, "take masks from"), /is not finished; continue it/);

    const config = controlConfig(base, { kind: "reinit", rounds: [1] });
    const directory = `${base.store.directory}-reinit`;
    await doToyRun({ directory, config });
    await refused(() => openBase(directory, "take masks from"), /is a control itself, of /);

    const summary = runFiles.summary(base.store.directory);
    const text = fs.readFileSync(summary, "utf8");
    fs.writeFileSync(summary, text.replace(base.summary.dataset.sha256, "0".repeat(64)));
    await refused(() => doToyRun({ directory, config }), /its data set had sha256 0000/);
    fs.writeFileSync(summary, text);
    const mask = roundFiles.mask(runFiles.round(base.store.directory, 1));
    fs.copyFileSync(roundFiles.mask(runFiles.round(base.store.directory, 2)), mask);
    await refused(() => doToyRun({ directory, config }), /masks are not the ones/);
  }));
