import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { loadDataset } from "../data/dataset.ts";
import { refuseUnreachableRewindPoint } from "./rewind_point.ts";
import { toyConfig, withToyDataset } from "../run/testing.ts";

Deno.test("a rewind point that the dense round may not reach is refused", () =>
  withToyDataset(({ data }) => {
    const dataset = loadDataset(data);
    const { training } = toyConfig(data); // 3 epochs
    const steps = Math.ceil(dataset.splits.train.lengths.length / training.batchSize);
    const check = (rewindTo: string, patience?: number) => {
      const early = { patience: patience ?? 1, minEpochs: 1, metric: "loss" } as const;
      const earlyStopping = patience === undefined ? null : early;
      const config = toyConfig(data, { rewindTo, training: { ...training, earlyStopping } });
      refuseUnreachableRewindPoint(config, dataset);
    };
    check("0");
    check("2ep");
    check(`${3 * steps - 1}it`);
    const refused = (act: () => void, message: RegExp) =>
      assert.throws(act, (error) => error instanceof UsageError && message.test(error.message));
    refused(() => check("3ep"), /Cannot rewind to 3ep: the dense round ends after 3 epochs/);
    refused(() => check(`${3 * steps}it`), /ends after 3 epochs/);
    check(`${2 * steps - 1}it`, 1);
    refused(() => check("2ep", 1), /early stopping may end the dense round after 2 epochs/);
    check("2ep", 2);
    return Promise.resolve();
  }));
