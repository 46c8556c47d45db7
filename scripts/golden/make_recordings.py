#!/usr/bin/env python3
"""MATLAB files as SciPy writes them, which the readers in src/data/formats are checked against.

  python3 scripts/golden/make_recordings.py src/data/formats/golden
"""
import json
import pathlib
import sys

import numpy as np
from scipy.io import savemat

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
i = np.arange(300)
signal = np.round(900 * np.sin(i * 0.11) + (i * 37) % 50).astype(int)
expected = {}


def write(name, variables, leads, **options):
    savemat(out / name, variables, **options)
    expected[name] = leads


for kind in ["f8", "f4", "i4", "i2", "u2", "u1"]:
    values = (signal if kind[0] != "u" else np.abs(signal) % 256).astype(kind)
    write(f"v4-{kind}.mat", {"val": values[None, :]}, [values.tolist()], format="4")
for kind in ["f8", "f4", "i8", "i4", "i2", "i1", "u4", "u2", "u1"]:
    small = signal % 100 if kind[1] == "1" else np.abs(signal) if kind[0] == "u" else signal
    values = small.astype(kind)
    write(f"v5-{kind}.mat", {"val": values[None, :]}, [values.tolist()], do_compression=kind != "i2")
two = np.stack([signal, -signal]).astype("i2")
write("v4-two-leads.mat", {"val": two}, two.tolist(), format="4")
write("v5-column.mat", {"val": signal.astype("f8")[:, None]}, [signal.tolist()])
write(
    "v5-struct.mat",
    {"ECG": {"sex": "Male", "age": 70, "data": (two / 1000).astype("f8")}},
    (two / 1000).tolist(),
)
write(
    "v5-beside.mat",
    {
        "note": "text",
        "cells": np.array([[1, "a"]], dtype=object),
        "t": i / 250,
        "fs": 250.0,
        "flag": np.array([True, False]),
        "ecg": signal.astype("f8"),
    },
    [signal.tolist()],
    do_compression=True,
)
(out / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
