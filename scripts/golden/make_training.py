#!/usr/bin/env python3
"""A training run of 10 steps of a tiny version of the network, in float64, for the golden test.

  python3 scripts/golden/make_training.py test/conformance/golden/training.safetensors

The network is the one of Hannun et al. 2019 as src/model builds it, with 4 blocks of 4 filters
that double after 2: stem conv - BN - ReLU, blocks [BN - ReLU, skipped in block 0] conv - BN - ReLU
- conv with stride 2 in odd blocks and a max-pool shortcut, head BN - ReLU - 1x1 conv. Three
records of different lengths, Adam, gradients clipped to a global norm. Variants: every weight kept
("dense"), 30 % of the convolution weights kept ("masked"), and dense with Adam's usual epsilon
("usual_epsilon").

In exact arithmetic the gradient of every convolution bias except the head's is 0, because a batch
norm subtracts the mean again. Implementations compute rounding noise there, and Adam turns it into
steps of full size if its epsilon is smaller than that noise. So "dense" and
"masked" use an epsilon of 1e-4, far above the noise of float32 and comparable to small gradients;
of "usual_epsilon" only losses and norms are kept, which do not depend on those biases.
"""
import json
import sys

import numpy as np
import torch

import layers
import safetensors_file

FILTERS, KERNEL, BLOCKS, BLOCKS_PER_STAGE, CLASSES = 4, 16, 4, 2, 4
LENGTH, LENGTHS, LABELS = 64, [64, 41, 22], [2, 0, 1]
# (sample - mean) / std is exact in float32.
MEAN, STD = 12.0, 256.0
STEPS, LEARNING_RATE, CLIP_NORM = 10, 1e-3, 1.0
BN_EPSILON, BN_MOMENTUM = 1e-3, 0.1
DENSITY = 0.3


def single(value):
    """The float32 next to `value`: every setting is stored as one."""
    return float(np.float32(value))


def make_network(random):
    """name -> float32 array, in the order of the forward pass, then the running statistics."""
    parameters, buffers = {}, {}

    def conv(name, cin, cout, kernel):
        scale = np.sqrt(2 / (cin * kernel))
        parameters[f"{name}.weight"] = random.standard_normal((cout, cin, kernel)) * scale
        parameters[f"{name}.bias"] = random.standard_normal(cout) * 0.1

    def norm(name, channels):
        parameters[f"{name}.gamma"] = 1 + 0.2 * random.standard_normal(channels)
        parameters[f"{name}.beta"] = 0.2 * random.standard_normal(channels)
        buffers[f"{name}.running_mean"] = np.zeros(channels)
        buffers[f"{name}.running_variance"] = np.ones(channels)

    conv("stem", 1, FILTERS, KERNEL)
    norm("stem.norm", FILTERS)
    cin = FILTERS
    for i in range(BLOCKS):
        cout = FILTERS * 2 ** (i // BLOCKS_PER_STAGE)
        if i > 0:
            norm(f"block{i}.norm1", cin)
        conv(f"block{i}.conv1", cin, cout, KERNEL)
        norm(f"block{i}.norm2", cout)
        conv(f"block{i}.conv2", cout, cout, KERNEL)
        cin = cout
    norm("head.norm", cin)
    conv("head", cin, CLASSES, 1)
    return [{name: array.astype(np.float32) for name, array in arrays.items()}
            for arrays in (parameters, buffers)]


def forward(x, p, buffers):
    """Logits [N, classes, T] and their valid lengths."""
    lengths = LENGTHS

    def conv(name, x, stride=1):
        return layers.conv1d(x, p[f"{name}.weight"], p[f"{name}.bias"], stride, lengths)

    def norm_relu(name, x):
        state = {key: p[f"{name}.{key}"] for key in ("gamma", "beta")}
        state |= {key: buffers[f"{name}.{key}"] for key in ("running_mean", "running_variance")}
        y = layers.batch_norm(x, state, lengths, single(BN_MOMENTUM), single(BN_EPSILON))
        return torch.relu(y)

    x = norm_relu("stem.norm", conv("stem", x))
    for i in range(BLOCKS):
        stride = 2 if i % 2 else 1
        y = x if i == 0 else norm_relu(f"block{i}.norm1", x)
        y = conv(f"block{i}.conv1", y, stride)
        x = layers.shortcut(x, stride, y.shape[1], lengths)
        lengths = layers.strided(lengths, stride)
        x = x + conv(f"block{i}.conv2", norm_relu(f"block{i}.norm2", y))
    return conv("head", norm_relu("head.norm", x)), lengths


def train(x, initial, initial_buffers, masks, epsilon):
    """The losses, the gradient norms before clipping, and the final state."""
    def tensors(arrays, **options):
        return {name: torch.tensor(array, dtype=torch.float64, **options)
                for name, array in arrays.items()}

    p, buffers = tensors(initial, requires_grad=True), tensors(initial_buffers)
    mask_of = tensors(masks)
    with torch.no_grad():
        for name, mask in mask_of.items():
            p[name] *= mask
    optimizer = torch.optim.Adam(p.values(), lr=single(LEARNING_RATE),
                                 betas=(single(0.9), single(0.999)), eps=single(epsilon))
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits, lengths = forward(x, p, buffers)
        loss = layers.cross_entropy(logits, LABELS, lengths)
        loss.backward()
        for name, mask in mask_of.items():
            p[name].grad *= mask
        # clip_grad_norm_ would add 1e-6 to the norm.
        norm = torch.sqrt(sum((value.grad ** 2).sum() for value in p.values()))
        for value in p.values():
            value.grad *= min(1.0, CLIP_NORM / norm.item())
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
    final = {name: value.detach().numpy() for name, value in (p | buffers).items()}
    return dict(losses=np.array(losses), gradient_norms=np.array(norms)), final


def main(path):
    torch.set_num_threads(1)
    random = np.random.RandomState(20220711)
    parameters, buffers = make_network(random)
    weights = [name for name in parameters if name.endswith(".weight")]
    masks = {name: (random.random_sample(parameters[name].shape) < DENSITY).astype(np.uint8)
             for name in weights}
    samples = random.randint(-900, 900, (len(LENGTHS), LENGTH)).astype(np.int16)
    x = torch.tensor((samples - MEAN) / STD)[:, None] * layers.valid(LENGTHS, LENGTH)

    tensors = {"samples": samples, "lengths": np.array(LENGTHS, np.int32),
               "labels": np.array(LABELS, np.int32)}
    tensors |= {f"initial.{name}": array for name, array in (parameters | buffers).items()}
    tensors |= {f"mask.{name}": mask for name, mask in masks.items()}
    variants = {"dense": ({}, 1e-4), "masked": (masks, 1e-4), "usual_epsilon": ({}, 1e-8)}
    for variant, (variant_masks, epsilon) in variants.items():
        curves, final = train(x, parameters, buffers, variant_masks, epsilon)
        tensors |= {f"{variant}.{name}": array for name, array in curves.items()}
        if variant != "usual_epsilon":
            tensors |= {f"{variant}.final.{name}": array for name, array in final.items()}
    settings = dict(
        filters=FILTERS, kernel=KERNEL, blocks=BLOCKS, blocksPerStage=BLOCKS_PER_STAGE,
        classes=CLASSES, length=LENGTH, mean=MEAN, std=STD, steps=STEPS, learningRate=LEARNING_RATE,
        clipNorm=CLIP_NORM, beta1=0.9, beta2=0.999, normEpsilon=BN_EPSILON,
        normMomentum=BN_MOMENTUM,
        epsilons={variant: epsilon for variant, (_, epsilon) in variants.items()})
    metadata = {"made_by": "scripts/golden/make_training.py", "torch": str(torch.__version__),
                "settings": json.dumps(settings)}
    safetensors_file.save(path, tensors, metadata)


if __name__ == "__main__":
    main(sys.argv[1])
