"""Networks in PyTorch, and how to load an export of `deno task export --format safetensors`.

    python3 ecg_network.py EXPORT.safetensors SAMPLES.f32 LOGITS.f32

reads normalised samples (little-endian float32) and writes logits [classes, steps] of one record.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def load(file):
    """The state dict of an export, dense or sparse, and its network: epsilon and nodes."""
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
    network = json.loads(metadata["network"])
    return state, network if "nodes" in network else resnet1d(**network)


def resnet1d(filters, kernel, blocks, blocksPerStage, classes, epsilon):
    """The nodes of a residual network, for older exports, which only have its sizes."""
    nodes = []

    def add(op, name, **fields):
        nodes.append({"op": op, "name": name, "stride": 1, "relu": True, **fields})
        return name

    def conv(name, x, channels, width, **fields):
        return add("conv", name, input=x, channels=channels, kernel=width, **fields)

    x = add("norm", "stem_norm", input=conv("stem", "input", filters, kernel))
    for i in range(blocks):
        name, channels = f"blocks.{i}", filters * 2 ** (i // blocksPerStage)
        active = x if i == 0 else add("norm", name + ".norm1", input=x)
        y = conv(name + ".conv1", active, channels, kernel, stride=i % 2 + 1)
        y = add("norm", name + ".norm2", input=y)
        shortcut = add("shortcut", name + ".shortcut", input=x, channels=channels, stride=i % 2 + 1)
        x = conv(name + ".conv2", y, channels, kernel, add=shortcut)
    conv("head", add("norm", "head_norm", input=x), classes, 1)
    return {"name": "resnet1d", "epsilon": epsilon, "nodes": nodes}


class Same(nn.Conv1d):
    """TensorFlow's SAME padding: an odd padding has the extra zero at the end."""

    def forward(self, x):
        stride, kernel = self.stride[0], self.kernel_size[0]
        total = max((-(-x.shape[-1] // stride) - 1) * stride + kernel - x.shape[-1], 0)
        return super().forward(F.pad(x, (total // 2, total - total // 2)))


class Network(nn.Module):
    """A network from its nodes; the state dict has a node's name before each of its tensors."""

    def __init__(self, nodes, epsilon, name="network"):
        super().__init__()
        self.nodes = nodes
        channels, self._layers = {"input": 1}, {}
        for node in nodes:
            inner = channels[node["input"]]
            channels[node["name"]] = node.get("channels", inner)
            if node["op"] == "conv":
                self._hold(node["name"], Same(inner, node["channels"], node["kernel"], node["stride"]))
            elif node["op"] == "norm":
                self._hold(node["name"], nn.BatchNorm1d(inner, epsilon))

    def _hold(self, name, layer):
        """Makes a layer a submodule; a dot in its name opens a module of modules."""
        *path, last = name.split(".")
        module = self
        for part in path:
            module = module._modules.setdefault(part, nn.Module())
        module._modules[last] = layer
        self._layers[name] = layer

    def forward(self, x):
        values = {"input": x}
        for node in self.nodes:
            x = values[node["input"]]
            if node["op"] == "conv":
                y = self._layers[node["name"]](x)
                if "add" in node:
                    y = y + values[node["add"]]
            elif node["op"] == "norm":
                y = self._layers[node["name"]](x)
                y = F.relu(y) if node["relu"] else y
            else:
                y = F.max_pool1d(x, node["stride"], ceil_mode=True) if node["stride"] > 1 else x
                y = F.pad(y, (0, 0, 0, node["channels"] - y.shape[1]))
            values[node["name"]] = y
        return values[self.nodes[-1]["name"]]


if __name__ == "__main__":
    state, network = load(sys.argv[1])
    model = Network(**network).eval()
    model.load_state_dict(state)
    samples = torch.frombuffer(bytearray(open(sys.argv[2], "rb").read()), dtype=torch.float32)
    with torch.no_grad():
        logits = model(samples.reshape(1, 1, -1))[0]
    open(sys.argv[3], "wb").write(logits.contiguous().numpy().tobytes())
