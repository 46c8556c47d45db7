#!/usr/bin/env python3
"""PyTorch's results for single ops, which the float64 reference is checked against.

  python3 scripts/golden/make_ops.py test/conformance/golden/ops.safetensors
"""
import json
import sys

import numpy as np
import torch

import layers
import safetensors_file

random = np.random.RandomState(20170217)


def normal(*shape, scale=1.0):
    return torch.tensor(random.standard_normal(shape) * scale, dtype=torch.float64)


def leaf(tensor):
    return tensor.clone().requires_grad_(True)


def record(tensors, metadata, name, values, settings):
    metadata[name] = json.dumps(settings)
    for key, value in values.items():
        tensors[f"{name}.{key}"] = value.detach().numpy()


def conv1d_case(cin, cout, kernel, stride, length, lengths):
    x = leaf(normal(len(lengths), cin, length) * layers.valid(lengths, length))
    weight, bias = leaf(normal(cout, cin, kernel)), leaf(normal(cout))
    y = layers.conv1d(x, weight, bias, stride, lengths)
    dy = normal(*y.shape) * layers.valid(layers.strided(lengths, stride), y.shape[-1])
    (y * dy).sum().backward()
    dx = x.grad * layers.valid(lengths, length)
    values = dict(x=x, weight=weight, bias=bias, dy=dy, y=y, dx=dx, dweight=weight.grad,
                  dbias=bias.grad)
    return values, dict(stride=stride, lengths=lengths)


def norm_case(channels, length, lengths, relu, epsilon=1e-3, momentum=0.1):
    inside = layers.valid(lengths, length)
    x = leaf((normal(len(lengths), channels, length) + 3 * normal(1, channels, 1)) * inside)
    state = dict(gamma=leaf(normal(channels)), beta=leaf(normal(channels)),
                 running_mean=normal(channels), running_variance=normal(channels) ** 2)
    before = {f"{key}_before": state[key].clone() for key in ("running_mean", "running_variance")}
    evaluated = layers.batch_norm(x, state, lengths, momentum, epsilon, training=False)
    y = layers.batch_norm(x, state, lengths, momentum, epsilon)
    y, evaluated = (torch.relu(y), torch.relu(evaluated)) if relu else (y, evaluated)
    dy = normal(*y.shape) * inside
    (y * dy).sum().backward()
    values = dict(x=x, y=y, dy=dy, dx=x.grad * inside, evaluated=evaluated,
                  dgamma=state["gamma"].grad, dbeta=state["beta"].grad, **before, **state)
    return values, dict(lengths=lengths, relu=relu, epsilon=epsilon, momentum=momentum)


def shortcut_case(cin, cout, stride, length, lengths):
    x = leaf(normal(len(lengths), cin, length) * layers.valid(lengths, length))
    y = layers.shortcut(x, stride, cout, lengths)
    dy = normal(*y.shape) * layers.valid(layers.strided(lengths, stride), y.shape[-1])
    (y * dy).sum().backward()
    return dict(x=x, y=y, dy=dy, dx=x.grad), dict(stride=stride, lengths=lengths)


def cross_entropy_case(classes, steps, lengths, scale):
    logits = leaf(normal(len(lengths), classes, steps, scale=scale) * layers.valid(lengths, steps))
    labels = [int(v) for v in random.randint(0, classes, len(lengths))]
    loss = layers.cross_entropy(logits, labels, lengths)
    loss.backward()
    values = dict(logits=logits, dlogits=logits.grad, loss=loss.reshape(1))
    return values, dict(labels=labels, lengths=lengths)


def optimizer_case(kind, size, steps, weight_decay):
    """`steps` updates with given gradients; the value after each is kept."""
    value = leaf(normal(size))
    start = value.detach().clone()
    gradients = normal(steps, size)
    if kind == "adam":
        optimizer = torch.optim.Adam([value], lr=1e-2, betas=(0.8, 0.99), eps=1e-3,
                                     weight_decay=weight_decay)
    else:
        optimizer = torch.optim.SGD([value], lr=1e-2, momentum=0.8, weight_decay=weight_decay)
    values = []
    for gradient in gradients:
        value.grad = gradient.clone()
        optimizer.step()
        values.append(value.detach().clone())
    settings = dict(kind=kind, learningRate=1e-2, beta1=0.8, beta2=0.99, epsilon=1e-3,
                    weightDecay=weight_decay)
    return dict(start=start, gradients=gradients, values=torch.stack(values)), settings


def main(path):
    torch.set_num_threads(1)
    cases = {
        "conv1d.plain": conv1d_case(2, 3, 4, 1, 9, [9, 9]),
        "conv1d.strided": conv1d_case(3, 2, 5, 2, 11, [11, 6, 1]),
        "conv1d.wide": conv1d_case(2, 2, 16, 2, 7, [7, 0, 4]),
        "conv1d.one": conv1d_case(1, 1, 1, 1, 1, [1]),
        "conv1d.even": conv1d_case(1, 4, 16, 2, 32, [32, 13]),
        "norm.plain": norm_case(3, 7, [7, 7], False),
        "norm.relu": norm_case(2, 9, [9, 0, 4, 1], True),
        "shortcut.pool": shortcut_case(2, 2, 2, 9, [9, 5, 0, 1]),
        "shortcut.grow": shortcut_case(2, 5, 2, 8, [8, 3]),
        "shortcut.pad": shortcut_case(1, 3, 1, 4, [4, 2]),
        "cross_entropy.small": cross_entropy_case(4, 5, [5, 2, 0], 1.0),
        "cross_entropy.large": cross_entropy_case(3, 4, [4, 4], 30.0),
        "optimizer.adam": optimizer_case("adam", 7, 4, 0.0),
        "optimizer.adam_decay": optimizer_case("adam", 5, 3, 0.1),
        "optimizer.sgd": optimizer_case("sgd", 5, 3, 0.0),
        "optimizer.sgd_decay": optimizer_case("sgd", 5, 3, 0.1),
    }
    tensors = {}
    metadata = {"made_by": "scripts/golden/make_ops.py", "torch": str(torch.__version__)}
    for name, (values, settings) in cases.items():
        record(tensors, metadata, name, values, settings)
    safetensors_file.save(path, tensors, metadata)


if __name__ == "__main__":
    main(sys.argv[1])
