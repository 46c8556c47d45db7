"""Writes the safetensors container: the header's length, a JSON header, then the tensors."""
import json
import struct

import numpy as np

DTYPES = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "int16": "I16",
          "uint8": "U8"}


def save(path, tensors, metadata):
    """tensors: name -> array. Wider types come first: each is aligned to its element size."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    header, offset = {"__metadata__": metadata}, 0
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for name in order:
            file.write(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())
