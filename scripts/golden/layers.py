"""The network's ops on batches of records of different lengths, in float64 and with autograd.

Every op's output is exactly 0 past a record's end, as the zeros of SAME padding.
"""
import torch
import torch.nn.functional as F


def valid(lengths, length):
    """[N, 1, L]: True inside the records."""
    return (torch.arange(length)[None, :] < torch.tensor(lengths)[:, None])[:, None, :]


def strided(lengths, stride):
    return [-(-length // stride) for length in lengths]


def conv1d(x, weight, bias, stride, lengths):
    """TensorFlow's SAME padding for the padded length L, not for each record's own."""
    length, kernel = x.shape[-1], weight.shape[-1]
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    padded = F.pad(x, (total // 2, total - total // 2))
    y = F.conv1d(padded, weight, bias, stride)
    return y * valid(strided(lengths, stride), y.shape[-1])


def batch_norm(x, state, lengths, momentum, epsilon, training=True):
    """PyTorch's own batch norm over the valid positions. Updates the running statistics."""
    inside = valid(lengths, x.shape[-1])[:, 0]
    flat = F.batch_norm(x.transpose(1, 2)[inside], state["running_mean"],
                        state["running_variance"], state["gamma"], state["beta"], training,
                        momentum, epsilon)
    y = torch.zeros_like(x).transpose(1, 2).clone()
    y[inside] = flat
    return y.transpose(1, 2)


def shortcut(x, stride, channels, lengths):
    """Max-pool by the stride over valid positions, then zero channels after the existing ones."""
    if stride != 1:
        low = torch.full_like(x, -1e300)
        x = F.max_pool1d(torch.where(valid(lengths, x.shape[-1]), x, low), stride, ceil_mode=True)
        after = valid(strided(lengths, stride), x.shape[-1])
        x = torch.where(after, x, torch.zeros_like(x))
    return F.pad(x, (0, 0, 0, channels - x.shape[1]))


def cross_entropy(logits, labels, lengths):
    """Mean over the valid steps; every step of a record has the record's label."""
    inside = valid(lengths, logits.shape[-1])[:, 0]
    targets = torch.tensor(labels)[:, None].expand(inside.shape)
    return F.cross_entropy(logits.transpose(1, 2)[inside], targets[inside])
