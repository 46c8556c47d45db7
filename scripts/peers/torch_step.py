#!/usr/bin/env python3
"""PyTorch peer of `deno task bench --peer torch`: one training step of the same network.

Stem convolution 1 -> filters (k = 16), 16 pre-activation blocks (filters doubling every four, stride 2
in the odd ones, max-pool shortcut, zero channels half before and half after), BN-ReLU-1x1 head with 4
logits per 256 samples; "SAME" padding, biases everywhere, dropout 0.2 before each block's second
convolution, Adam. At a density below 1 the weights are multiplied by 0/1 masks in every forward pass, as
PyTorch users do for a pruned network; the computation stays dense.

  torch_step.py --batch 32 --length 8960 --density 1 0.1 0.007
  torch_step.py --device cuda --amp bf16 --layout conv2d --compile

On a GPU, the fast modes of PyTorch are options: --amp tf32 lets convolutions and products round to
TF32, --amp bf16 adds autocast, --layout conv2d keeps signals as [N, C, 1, L] in channels_last, which
cuDNN's tensor-core kernels need, --compile compiles with max-autotune; Adam is the fused one.

Prints a line about itself, then one per density: median milliseconds per step over --repeat steps after
--warmup, and GFLOP/s counted dense.
"""
import argparse
import contextlib
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def same_pad(x, kernel, stride):
    n = x.shape[-1]
    total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
    return F.pad(x, (total // 2, total - total // 2))


class Masked:
    """SAME padding along the last axis; `mask` None = dense."""
    mask = None

    def forward(self, x):
        w = self.weight if self.mask is None else self.weight * self.mask
        x = same_pad(x, self.kernel_size[-1], self.stride[-1])
        return self.conv(x, w, self.bias, self.stride)


class MaskedConv1d(Masked, nn.Conv1d):
    conv = staticmethod(F.conv1d)


class MaskedConv2d(Masked, nn.Conv2d):
    conv = staticmethod(F.conv2d)


class Layout:
    """Signals as [N, C, L], or `flat` as [N, C, 1, L]."""

    def __init__(self, flat):
        self.flat = flat

    def conv(self, cin, cout, kernel, stride=1):
        if self.flat:
            return MaskedConv2d(cin, cout, (1, kernel), (1, stride))
        return MaskedConv1d(cin, cout, kernel, stride)

    def norm(self, channels):
        return nn.BatchNorm2d(channels) if self.flat else nn.BatchNorm1d(channels)

    def pool(self, x, stride):
        if self.flat:
            return F.max_pool2d(x, (1, stride), ceil_mode=True)
        return F.max_pool1d(x, stride, ceil_mode=True)

    def grow(self, x, channels):
        before = channels // 2
        return F.pad(x, (0, 0) * (2 if self.flat else 1) + (before, channels - before))


class Block(nn.Module):
    def __init__(self, layout, cin, cout, stride, kernel, first, dropout):
        super().__init__()
        self.layout, self.first, self.stride, self.grow = layout, first, stride, cout - cin
        if not first:
            self.bn1 = layout.norm(cin)
        self.conv1 = layout.conv(cin, cout, kernel, stride)
        self.bn2 = layout.norm(cout)
        self.drop = nn.Dropout(dropout)
        self.conv2 = layout.conv(cout, cout, kernel)

    def forward(self, x):
        y = x if self.first else F.relu(self.bn1(x))
        y = self.conv2(self.drop(F.relu(self.bn2(self.conv1(y)))))
        s = x
        if self.stride != 1:
            s = self.layout.pool(x, self.stride)
        if self.grow:
            s = self.layout.grow(s, self.grow)
        return y + s


class ResNet1d(nn.Module):
    def __init__(self, layout, filters, kernel=16, blocks=16, classes=4, dropout=0.2):
        super().__init__()
        self.stem, self.stem_bn = layout.conv(1, filters, kernel), layout.norm(filters)
        layers, cin = [], filters
        for i in range(blocks):
            cout = filters * 2 ** (i // 4)
            layers.append(Block(layout, cin, cout, 2 if i % 2 else 1, kernel, i == 0, dropout))
            cin = cout
        self.blocks = nn.Sequential(*layers)
        self.head_bn, self.head = layout.norm(cin), layout.conv(cin, classes, 1)

    def forward(self, x):
        """[N, 1, L] to logits [N, classes, L / 256], both with an axis of 1 more where flat."""
        x = self.blocks(F.relu(self.stem_bn(self.stem(x))))
        return self.head(F.relu(self.head_bn(x)))


def dense_flops(net, batch, length):
    """Multiply-adds x 2 of one forward pass."""
    total = 0
    for m in net.modules():
        if isinstance(m, Masked):
            length //= m.stride[-1]
            total += 2 * m.weight.numel() * length
    return total * batch


def time_step(a, density, sync):
    """Median milliseconds of a step."""
    cuda = a.device.startswith("cuda")
    layout = Layout(a.layout == "conv2d")
    net = ResNet1d(layout, a.filters).to(a.device)
    if density < 1:
        for m in net.modules():
            if isinstance(m, Masked):
                m.mask = (torch.rand_like(m.weight) < density).float()
    x = torch.randn(a.batch, 1, a.length, device=a.device)
    y = torch.randint(0, 4, (a.batch, a.length // 256), device=a.device)
    if layout.flat:
        net = net.to(memory_format=torch.channels_last)
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        y = y.unsqueeze(1)
    run = torch.compile(net, mode="max-autotune") if a.compile else net
    opt = torch.optim.Adam(net.parameters(), 1e-3, fused=True if cuda else None)
    times = []
    for _ in range(a.warmup + a.repeat):
        sync()
        t = time.perf_counter()
        opt.zero_grad(set_to_none=True)
        half = a.amp == "bf16"
        with torch.autocast(x.device.type, torch.bfloat16) if half else contextlib.nullcontext():
            logits = run(x)
        loss = F.cross_entropy(logits.float(), y)
        loss.backward()
        opt.step()
        sync()
        times.append(time.perf_counter() - t)
    gf = 3 * dense_flops(net, a.batch, a.length) / 1e9
    return 1e3 * statistics.median(times[a.warmup:]), gf


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--length", type=int, default=8960, help="samples per record, a multiple of 256")
    p.add_argument("--filters", type=int, default=32)
    p.add_argument("--density", type=float, nargs="+", default=[1.0])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--warmup", type=int, default=2)
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    p.add_argument("--amp", choices=["off", "tf32", "bf16"], default="off")
    p.add_argument("--layout", choices=["conv1d", "conv2d"], default="conv1d")
    p.add_argument("--compile", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    # By default cuDNN may round to TF32 and cuBLAS may not; here both follow --amp.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = a.amp != "off"
    torch.backends.cudnn.benchmark = True
    cuda = a.device.startswith("cuda")
    where = torch.cuda.get_device_name(a.device) if cuda else f"threads {a.threads}"
    precision = "fp32" if a.amp == "off" else a.amp
    more = ("" if a.layout == "conv1d" else f" {a.layout}") + (" compiled" if a.compile else "")
    print(f"torch {torch.__version__} {precision} {where} batch {a.batch} length {a.length}{more}", flush=True)
    for density in a.density:
        ms, gf = time_step(a, density, torch.cuda.synchronize if cuda else lambda: None)
        print(f"density {density:<6g} step {ms:9.2f} ms   {gf / ms * 1e3:8.1f} GFLOP/s counted dense", flush=True)


if __name__ == "__main__":
    main()
