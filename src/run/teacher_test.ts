import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import { loadDataset } from "../data/dataset.ts";
import type { Config } from "../config/config.ts";
import { recordForward } from "../model/record.ts";
import { applyOverrides } from "./resolve.ts";
import { readTeachers, teacherRuns } from "./teachers.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import { takeSnapshot } from "../training/snapshot.ts";
import { runLottery } from "./lottery.ts";
import {
  assertSameResults,
  doToyRun,
  halving,
  toyConfig,
  withToyDataset,
  withToyRun,
} from "./testing.ts";

/** Trains a wide teacher of one pruned round in `directory`/teacher. */
async function trainTeacher(directory: string, data: string): Promise<string> {
  const config = toyConfig(data, { pruning: halving(1), seed: 11 });
  const network = { ...config.network, filters: 6 };
  const teacher = path.join(directory, "teacher");
  await doToyRun({ directory: teacher, config: { ...config, network } });
  return teacher;
}

/** The configuration of a student of both rounds of the teacher. */
function student(data: string, teacher: string, changes: Partial<Config["training"]> = {}): Config {
  const config = applyOverrides(toyConfig(data, { pruning: halving(1) }), {
    teacher: `${teacher},${teacher}@1`,
    teacherTemperature: 3,
    teacherWeight: 0.7,
  });
  return { ...config, training: { ...config.training, ...changes } };
}

Deno.test("a student learns from its teachers' outputs on its own batch, and the teachers never change", () =>
  withToyDataset(async ({ directory, data }) => {
    const teacher = await trainTeacher(directory, data);
    const config = student(data, teacher);
    const optimizer = { ...config.training, learningRate: 1e-30, beta1: 0, clipNorm: 0 };
    const still = { ...config, training: { ...optimizer, optimizer: "sgd" as const } };
    await withToyRun({ directory: path.join(directory, "student"), config: still }, async (run) => {
      const { bench } = run;
      await run.experiment.initialise();
      const [batch] = bench.trainingBatches(0);
      const before = bench.teachers.map((network) => takeSnapshot(network, { optimiser: true }));
      const step = { records: bench.deviceRecords("train", batch!), stream: 5 };
      const { loss, valid } = await bench.device.run([bench.trainingProgram(batch!.length)], {
        ...step,
        learningRates: Float32Array.of(1e-30),
        optimizerStep: 1,
      });
      bench.teachers.forEach((network, i) =>
        assert.deepEqual(takeSnapshot(network, { optimiser: true }), before[i])
      );

      // The loss again, from each network's logits on the same batch with the same flips and dropout.
      const logitsOf = async (network: typeof bench.network, pass: "training" | "evaluation") => {
        const { program, result } = bench.record(
          { length: batch!.length, records: "augmented" },
          (builder, x) => {
            const { logits } = recordForward(builder, network, { x, pass });
            builder.output(logits);
            return logits;
          },
        );
        using recorded = program;
        await bench.device.run([recorded], step);
        const [records, classes, length] = recorded.valueShape(result);
        return { records, classes, length, values: recorded.readValue(result) };
      };
      const own = await logitsOf(bench.network, "training");
      const taught: typeof own[] = [];
      for (const teacher of bench.teachers) taught.push(await logitsOf(teacher, "evaluation"));
      let sum = 0, steps = 0;
      batch!.records.forEach((record, n) => {
        if (record < 0) return;
        const { lengths, labels } = bench.split("train");
        for (let t = 0; t < Math.ceil(lengths[record]! / bench.network.hop); t++) {
          const shares = ({ values, classes, length }: typeof own, temperature: number) => {
            const place = { rowLength: length, step: t, temperature };
            const out = new Float64Array(classes);
            softmaxOfStep(values.subarray(n * classes * length), place, out);
            return out;
          };
          const softened = taught.map((network) => shares(network, 3));
          const r = shares(own, 3);
          const q = r.map((_, c) =>
            softened.reduce((mean, soft) => mean + soft[c]! / taught.length, 0)
          );
          const divergence = q.reduce((all, share, c) => all + share * Math.log(share / r[c]!), 0);
          sum += 0.3 * -Math.log(shares(own, 1)[labels[record]!]!) + 0.7 * 9 * divergence;
          steps++;
        }
      });
      assert.equal(valid[0], steps);
      assert.ok(Math.abs(loss[0]! - sum / steps) < 1e-5, `${loss[0]}, not ${sum / steps}`);
    });
  }));

Deno.test("a student that is stopped after every chunk and resumed ends with the same bits", () =>
  withToyDataset(async ({ directory, data }) => {
    const teacher = await trainTeacher(directory, data);
    // With mixup the teachers see mixed records, and the loss has two labels and all its settings.
    const config = applyOverrides(student(data, teacher, { average: 0.9 }), {
      ...{ mixup: 0.4, labelSmoothing: 0.1, classWeights: [1, 3], focal: 1 },
    });
    const whole = path.join(directory, "whole"), parts = path.join(directory, "parts");
    await doToyRun({ directory: whole, config });
    for (let stops = 0;; stops++) {
      const { outcome } = await doToyRun({
        directory: parts,
        config,
        threads: 1 + stops % 2,
        stop: () => true,
      });
      if (outcome === "finished") {
        assert.ok(stops > 5, `only ${stops} stops`);
        break;
      }
    }
    assertSameResults(parts, whole);
    // It has learnt something else than without teachers.
    const alone = path.join(directory, "alone");
    await doToyRun({
      directory: alone,
      config: { ...config, training: { ...config.training, teacher: null } },
    });
    const losses = [whole, alone].map((run) =>
      JSON.parse(fs.readFileSync(runFiles.summary(run), "utf8")).rounds[0].epochs[0].trainLoss
    );
    assert.notEqual(losses[0], losses[1]);
    // A complete run can be shown without its teachers.
    fs.rmSync(teacher, { recursive: true });
    assert.equal((await doToyRun({ directory: whole, config })).outcome, "finished");
  }));

Deno.test("teachers that do not fit are refused in a sentence, before anything is written", () =>
  withToyDataset(async ({ directory, data }) => {
    const teacher = await trainTeacher(directory, data);
    const dataset = loadDataset(data);
    const config = student(data, teacher);
    const refused = (asked: Config, message: RegExp, other = dataset) =>
      assert.throws(
        () => readTeachers(asked, { dataset: other, directory: path.join(directory, "student") }),
        (error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    assert.equal(readTeachers(config, { dataset, directory: path.join(directory, "s") }).length, 2);
    assert.throws(() => readTeachers(config, { dataset, directory: teacher }), /the run itself/);
    refused(config, /has the classes fast, slow, the student a, b/, {
      ...dataset,
      classes: ["a", "b"],
    });
    refused(config, /trained on the data set with sha256/, { ...dataset, sha256: "0".repeat(64) });
    const network = { ...config.network, blocks: 4 };
    refused({ ...config, network }, /an output for every 2 samples, the student for every 4/);
    const folds = { count: 5, fold: 1, seed: 2018 };
    refused({ ...config, folds }, /with no folds, the student is with fold 1 of 5/);

    assert.throws(() => teacherRuns(path.join(directory, "nobody")), /there is no run in/);
    assert.throws(() => teacherRuns(`${teacher}@7`), /round 7 is not finished; finished are 0, 1/);
    const quick = toyConfig(data);
    const alone = { name: "UsageError", message: /^Cannot use --teacher-weight without a teacher/ };
    for (const none of [{}, { teacher: null }]) {
      assert.throws(() => applyOverrides(quick, { ...none, teacherWeight: 0.5 }), alone);
    }
    for (const teacherWeight of [0, 1.5]) {
      assert.throws(
        () => applyOverrides(quick, { teacher, teacherWeight }),
        /training\.teacher\.weight/,
      );
    }

    // A teacher that is trained again is another teacher: a stopped run is not continued with it.
    const run = path.join(directory, "student");
    assert.equal((await doToyRun({ directory: run, config, stop: () => true })).outcome, "stopped");
    fs.rmSync(teacher, { recursive: true });
    await withToyRun(
      { directory: teacher, config: { ...toyConfig(data, { seed: 12 }), pruning: halving(1) } },
      ({ experiment }) => runLottery(experiment),
    );
    await assert.rejects(
      doToyRun({ directory: run, config }),
      /Cannot learn from the teacher .*: its round 0 has sha256 .*, that of the run's settings/,
    );
  }));
