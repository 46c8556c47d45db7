#!/usr/bin/env python3
"""PyTorch peer of `deno task bench --peer torch`: one training step of the same network.

Stem convolution 1 -> filters (k = 16), 16 pre-activation blocks (filters doubling every four, stride 2
in the odd ones, max-pool shortcut, zero channels half before and half after), BN-ReLU-1x1 head with 4
logits per 256 samples; "SAME" padding, biases everywhere, dropout 0.2 before each block's second
convolution, Adam. A density below 1 is what a PyTorch user does for a pruned network: the weights are
multiplied by 0/1 masks in every forward pass, the work stays dense.

  torch_step.py --batch 32 --length 8960 --density 1 0.1 0.007

Prints a line about itself, then one per density: median milliseconds per step over --repeat steps after
--warmup, and GFLOP/s counted dense.
"""
import argparse
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def same_pad(x, kernel, stride):
    n = x.shape[-1]
    total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
    return F.pad(x, (total // 2, total - total // 2))


class MaskedConv1d(nn.Conv1d):
    """SAME padding; `mask` None = dense."""
    mask = None

    def forward(self, x):
        w = self.weight if self.mask is None else self.weight * self.mask
        x = same_pad(x, self.kernel_size[0], self.stride[0])
        return F.conv1d(x, w, self.bias, self.stride)


class Block(nn.Module):
    def __init__(self, cin, cout, stride, kernel, first, dropout):
        super().__init__()
        self.first, self.stride, self.grow = first, stride, cout - cin
        if not first:
            self.bn1 = nn.BatchNorm1d(cin)
        self.conv1 = MaskedConv1d(cin, cout, kernel, stride)
        self.bn2 = nn.BatchNorm1d(cout)
        self.drop = nn.Dropout(dropout)
        self.conv2 = MaskedConv1d(cout, cout, kernel)

    def forward(self, x):
        y = x if self.first else F.relu(self.bn1(x))
        y = self.conv2(self.drop(F.relu(self.bn2(self.conv1(y)))))
        s = x
        if self.stride != 1:
            s = F.max_pool1d(x, self.stride, ceil_mode=True)
        if self.grow:
            s = F.pad(s, (0, 0, self.grow // 2, self.grow - self.grow // 2))
        return y + s


class ResNet1d(nn.Module):
    def __init__(self, filters, kernel=16, blocks=16, classes=4, dropout=0.2):
        super().__init__()
        self.stem, self.stem_bn = MaskedConv1d(1, filters, kernel), nn.BatchNorm1d(filters)
        layers, cin = [], filters
        for i in range(blocks):
            cout = filters * 2 ** (i // 4)
            layers.append(Block(cin, cout, 2 if i % 2 else 1, kernel, i == 0, dropout))
            cin = cout
        self.blocks = nn.Sequential(*layers)
        self.head_bn, self.head = nn.BatchNorm1d(cin), MaskedConv1d(cin, classes, 1)

    def forward(self, x):
        x = self.blocks(F.relu(self.stem_bn(self.stem(x))))
        return self.head(F.relu(self.head_bn(x)))


def dense_flops(net, batch, length):
    """Multiply-adds x 2 of one forward pass."""
    total = 0
    for m in net.modules():
        if isinstance(m, MaskedConv1d):
            length //= m.stride[0]
            total += 2 * m.weight.numel() * length
    return total * batch


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--length", type=int, default=8960, help="samples per record, a multiple of 256")
    p.add_argument("--filters", type=int, default=32)
    p.add_argument("--density", type=float, nargs="+", default=[1.0])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--warmup", type=int, default=2)
    p.add_argument("--repeat", type=int, default=5)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    print(f"torch {torch.__version__} fp32 threads {a.threads} batch {a.batch} length {a.length}", flush=True)
    for density in a.density:
        net = ResNet1d(a.filters)
        if density < 1:
            for m in net.modules():
                if isinstance(m, MaskedConv1d):
                    m.mask = (torch.rand_like(m.weight) < density).float()
        opt = torch.optim.Adam(net.parameters(), 1e-3)
        x = torch.randn(a.batch, 1, a.length)
        y = torch.randint(0, 4, (a.batch, a.length // 256))
        times = []
        for _ in range(a.warmup + a.repeat):
            t = time.perf_counter()
            opt.zero_grad(set_to_none=True)
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            times.append(time.perf_counter() - t)
        ms = 1e3 * statistics.median(times[a.warmup:])
        gf = 3 * dense_flops(net, a.batch, a.length) / 1e9
        print(f"density {density:<6g} step {ms:9.2f} ms   {gf / ms * 1e3:8.1f} GFLOP/s counted dense", flush=True)


if __name__ == "__main__":
    main()
