#!/usr/bin/env python3
"""PyTorch peer of `deno task bench --only epoch --peer torch`: one epoch of the same network on the same records.

Records come from a DataLoader (no workers: they lie in memory), in the batches that the job names, padded to
the longest of a batch and up to a multiple of 256 samples; padding has no label. The epoch is what users
write: train on every batch, evaluate dev, evaluate dev and test once more for the final scores, save a
checkpoint with the optimiser. PyTorch's batch norms count padding, and there is no report.

  torch_epoch.py --job FOLDER --filters 32 --threads 2

FOLDER has job.json (mean, std, classes, and of train, dev and test: offsets, lengths, labels, batches) and
samples.i16, all samples as 16-bit numbers. Prints a line about itself, then the seconds of the parts.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

from torch_step import Layout, ResNet1d

HOP = 256
NO_LABEL = -100


class Records(Dataset):
    def __init__(self, samples, side, job):
        self.samples, self.side, self.mean, self.std = samples, side, job["mean"], job["std"]

    def __len__(self):
        return len(self.side["labels"])

    def __getitem__(self, i):
        first, length = int(self.side["offsets"][i]), self.side["lengths"][i]
        signal = self.samples[first:first + length].astype(np.float32)
        return torch.from_numpy((signal - self.mean) / self.std), self.side["labels"][i]


def padded(records):
    """A batch [N, 1, L] and its labels [N, L / 256]."""
    longest = max(len(signal) for signal, _ in records)
    length = -(-longest // HOP) * HOP
    x = torch.zeros(len(records), 1, length)
    y = torch.full((len(records), length // HOP), NO_LABEL)
    for n, (signal, label) in enumerate(records):
        x[n, 0, :len(signal)] = signal
        y[n, :len(signal) // HOP] = label
    return x, y


def evaluate(net, loader):
    """Mean loss and share of right steps."""
    net.eval()
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            logits = net(x)
            valid = y != NO_LABEL
            loss += F.cross_entropy(logits, y, ignore_index=NO_LABEL, reduction="sum").item()
            right += ((logits.argmax(1) == y) & valid).sum().item()
            count += valid.sum().item()
    return loss / max(count, 1), right / max(count, 1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--job", required=True)
    p.add_argument("--filters", type=int, default=32)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    with open(os.path.join(a.job, "job.json")) as file:
        job = json.load(file)
    samples = np.fromfile(os.path.join(a.job, "samples.i16"), dtype="<i2")
    loaders = {
        name: DataLoader(Records(samples, side, job), batch_sampler=side["batches"], collate_fn=padded)
        for name, side in job["sides"].items()
    }
    net = ResNet1d(Layout(False), a.filters)
    if len(job["classes"]) != 4:
        net.head = torch.nn.Conv1d(net.head.in_channels, len(job["classes"]), 1)
    opt = torch.optim.Adam(net.parameters(), 1e-3)
    print(f"torch {torch.__version__} fp32 threads {a.threads}", flush=True)

    start = time.perf_counter()
    net.train()
    for x, y in loaders["train"]:
        opt.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), y, ignore_index=NO_LABEL).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
        opt.step()
    evaluate(net, loaders["dev"])
    trained = time.perf_counter()
    scores = [evaluate(net, loaders[name]) for name in ("dev", "test")]
    torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "scores": scores},
               os.path.join(a.job, "checkpoint.pt"))
    done = time.perf_counter()
    print(f"training {trained - start:.3f} s  results {done - trained:.3f} s")


if __name__ == "__main__":
    main()
