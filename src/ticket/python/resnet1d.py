"""The network in PyTorch, and how to load an export of `deno task export --format safetensors`.

    python3 resnet1d.py EXPORT.safetensors SAMPLES.f32 LOGITS.f32

reads normalised samples (little-endian float32) and writes logits [classes, steps] of one record.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def load(file):
    """The state dict of an export, dense or sparse, and the network's sizes."""
    data = open(file, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    header, state = json.loads(data[8:start]), {}
    metadata, types = header.pop("__metadata__"), {"F32": "<f4", "I32": "<i4"}
    for name, t in header.items():
        begin, end = (start + offset for offset in t["data_offsets"])
        state[name] = torch.from_numpy(np.frombuffer(data[begin:end], types[t["dtype"]]).reshape(t["shape"]).copy())
    for name, shape in json.loads(metadata["sparse"]).items():
        csr = [state.pop(name + part) for part in (".rows", ".columns", ".values")]
        state[name] = torch.sparse_csr_tensor(*csr, (shape[0], shape[1] * shape[2])).to_dense().reshape(shape)
    return state, json.loads(metadata["network"])


class Same(nn.Conv1d):
    """TensorFlow's SAME padding: the odd one at the end."""

    def forward(self, x):
        stride, kernel = self.stride[0], self.kernel_size[0]
        total = max((-(-x.shape[-1] // stride) - 1) * stride + kernel - x.shape[-1], 0)
        return super().forward(F.pad(x, (total // 2, total - total // 2)))


class Block(nn.Module):
    def __init__(self, channels, out, kernel, stride, first, eps):
        super().__init__()
        self.norm1 = None if first else nn.BatchNorm1d(channels, eps)
        self.conv1 = Same(channels, out, kernel, stride)
        self.norm2 = nn.BatchNorm1d(out, eps)
        self.conv2 = Same(out, out, kernel)
        self.stride, self.growth = stride, out - channels

    def forward(self, x):
        y = x if self.norm1 is None else F.relu(self.norm1(x))
        y = self.conv2(F.relu(self.norm2(self.conv1(y))))
        if self.stride > 1:
            x = F.max_pool1d(x, self.stride, ceil_mode=True)
        return y + F.pad(x, (0, 0, 0, self.growth))


class ResNet1d(nn.Module):
    def __init__(self, filters, kernel, blocks, blocksPerStage, classes, epsilon):
        super().__init__()
        self.stem = Same(1, filters, kernel)
        self.stem_norm = nn.BatchNorm1d(filters, epsilon)
        widths = [filters * 2 ** (i // blocksPerStage) for i in range(blocks)]
        self.blocks = nn.ModuleList(
            Block(before, out, kernel, i % 2 + 1, i == 0, epsilon)
            for i, (before, out) in enumerate(zip([filters] + widths, widths)))
        self.head_norm = nn.BatchNorm1d(widths[-1], epsilon)
        self.head = nn.Conv1d(widths[-1], classes, 1)

    def forward(self, x):
        x = F.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(F.relu(self.head_norm(x)))


if __name__ == "__main__":
    state, network = load(sys.argv[1])
    model = ResNet1d(**network).eval()
    model.load_state_dict(state)
    samples = torch.frombuffer(bytearray(open(sys.argv[2], "rb").read()), dtype=torch.float32)
    with torch.no_grad():
        logits = model(samples.reshape(1, 1, -1))[0]
    open(sys.argv[3], "wb").write(logits.contiguous().numpy().tobytes())
