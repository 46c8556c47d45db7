"""Tickets and runs of lth-ecg in Python: results as pandas tables, networks in PyTorch, predictions.

    import lth_ecg
    table = lth_ecg.rounds("checkpoints")              # a row per run and round
    model = lth_ecg.load("x.ticket.safetensors")       # a ticket, an export, a run's round
    network = model.torch()                            # a torch.nn.Module
    lth_ecg.predict(model, samples)["label"]           # samples: 1000 per mV, at model.rate

This one file is all; copy it where it is needed. It needs numpy. Tables need pandas, networks and
predictions need torch. Not a medical device.

    python3 lth_ecg.py rounds RUN...                   # the table as CSV
    python3 lth_ecg.py predict MODEL RECORD.mat...     # a line of JSON per record
    python3 lth_ecg.py logits MODEL SAMPLES LOGITS     # files of little-endian float32, see below
"""
import csv
import hashlib
import importlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path


def _package(name, user):
    """An installed package; `user` is who needs it, in the plural."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise  # It is installed, and one that it needs is not.
        raise ModuleNotFoundError(
            f"{user} need {name}, which {sys.executable} does not have: install it with "
            f"{sys.executable} -m pip install {name}, or on Debian apt-get install python3-{name}", name=name) from None


def _pandas():
    return _package("pandas", "Tables of runs")


def _torch():
    return _package("torch", "Networks and predictions")


try:
    np = _package("numpy", "The functions of lth_ecg.py")
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    sys.exit(f"error: {missing}")

# ---- Runs as tables ----


def runs(*paths):
    """The directories of finished or unfinished runs in and below these paths, in order.

    A sweep is a folder of runs, so `runs("checkpoints")` finds those of all sweeps.
    """
    found = []
    for path in map(Path, paths):
        if not path.is_dir():
            raise FileNotFoundError(f"There is no folder {path}: name a run, or a folder of runs")
        found += sorted(file.parent for file in path.glob("**/summary.json"))
    if not found:
        raise FileNotFoundError(f"There is no run with a finished round in {', '.join(map(str, paths))}")
    return found


def rounds(*paths):
    """A row per run and round: weights, multiplications and the scores after the round's training.

    Columns of scores begin with `dev_` and `test_`: `_score` is the headline score (`metric`), `_f1_<class>`
    a class's F1. A run without a test split has no columns of it.
    """
    pandas = _pandas()

    rows = []
    for directory, summary in _summaries(paths):
        for each in summary["rounds"]:
            row = {**_run_columns(directory, summary), "metric": summary["metric"]["name"]}
            row.update({name: each[key] for name, key in _ROUND.items()})
            row["temperature"] = each.get("temperature", 1.0)
            row["epochs"] = each["epochs"][-1]["epoch"] if each["epochs"] else 0
            for split in ("dev", "test"):
                scores = each[split]
                if scores is None:
                    continue
                for key in ("records", "loss", "accuracy", "score"):
                    row[f"{split}_{key}"] = scores[key]
                for name, f1 in scores["f1"].items():
                    row[f"{split}_f1_{name}"] = f1
            rows.append(row)
    return pandas.DataFrame(rows)


_ROUND = {
    "round": "round", "kept": "kept", "prunable": "prunable", "density": "density", "theta": "theta",
    "theta_all": "thetaAll", "macs": "macs", "dense_macs": "denseMacs",
    "dense_bytes": "denseBytes", "sparse_bytes": "sparseBytes",
}


def epochs(*paths):
    """A row per run, round and epoch: the learning curves."""
    return _table(paths, lambda summary, each: each["epochs"])


def layers(*paths):
    """A row per run, round and prunable tensor: name, shape, size, kept."""
    return _table(paths, lambda summary, each: each["layers"])


def _table(paths, rows_of):
    pandas = _pandas()

    return pandas.DataFrame([{**_run_columns(directory, summary), "round": each["round"], **row}
                             for directory, summary in _summaries(paths)
                             for each in summary["rounds"] for row in rows_of(summary, each)])


def predictions(*paths):
    """A row per run, round and scored record: split, record, label, predicted and what else the run wrote."""
    pandas = _pandas()

    tables = []
    for directory, summary in _summaries(paths):
        for each in summary["rounds"]:
            file = _round_folder(directory, each["round"]) / "predictions.csv"
            if not file.exists():  # runs that are kept for a study have it compressed
                file = file.with_name("predictions.csv.gz")
            # As text: a class may be called NA.
            table = pandas.read_csv(file, dtype=str, keep_default_na=False)
            columns = {**_run_columns(directory, summary), "round": each["round"]}
            for at, (name, value) in enumerate(columns.items()):
                table.insert(at, name, value)
            tables.append(table)
    return pandas.concat(tables, ignore_index=True)


def settings(*paths):
    """A row per run with its settings, named as `--set` names them (`training.learningRate`)."""
    pandas = _pandas()

    return pandas.json_normalize([{"run": directory.name, "path": str(directory), **summary["config"]}
                                  for directory, summary in _summaries(paths)])


def _summaries(paths):
    for directory in runs(*paths):
        summary = _read_json(directory / "summary.json")
        if summary.get("format") != "lth-ecg-summary/1":
            raise ValueError(f"Cannot use {directory}/summary.json: its format is {summary.get('format')!r}")
        yield directory, summary


def _run_columns(directory, summary):
    config, control = summary["config"], summary["control"] or {}
    folds = config.get("folds") or {}
    return {
        "run": directory.name, "path": str(directory), "mode": summary["mode"], "control": control.get("kind"),
        "base": control.get("base"), "seed": config["seed"], "fold": folds.get("fold"),
    }


def _round_folder(directory, number):
    return Path(directory) / f"round-{number:03d}"


def _read_json(file):
    try:
        return json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"Cannot use {file}: it is not JSON ({error})") from None


# ---- Networks ----


@dataclass
class Model:
    """A trained network with what is known about it.

    `state` has numpy arrays by their names in PyTorch's state dict, pruned weights as zeros. `nodes` are
    in the order of the forward pass: op, name, input, channels, kernel, stride, relu, add. A round of a
    run has no `normalisation`, `priors` or `licence`: they are computed from the data when it is exported.
    """

    nodes: list
    epsilon: float
    state: dict
    classes: list = None
    normalisation: dict = None  # mean and std of stored units (1000 per mV), rate in Hz
    priors: list = None
    decision: dict = None
    temperature: float = 1.0
    flip_average: bool = False
    licence: str = None
    header: dict = field(default_factory=dict)  # all that the file says about itself

    @property
    def rate(self):
        """Samples per second."""
        return self.normalisation["rate"]

    @property
    def hop(self):
        """Samples per step."""
        samples = {"input": 1}
        for node in self.nodes:
            samples[node["name"]] = samples[node["input"]] * node.get("stride", 1)
        return samples[self.nodes[-1]["name"]]

    def torch(self):
        """The network as a torch.nn.Module in evaluation mode: normalised [N, 1, L] to logits [N, classes, steps]."""
        torch = _torch()
        network = torch_network(self.nodes, self.epsilon)
        network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in self.state.items()})
        return network.eval()


def load(path, round=None):
    """A `Model` from a ticket, an export (`--format safetensors`), or a finished round of a run.

    `path` is a file, or a run's directory with the round (the last finished one by default).
    """
    path = Path(path)
    if path.is_dir():
        finished = [each["round"] for _, summary in _summaries([path]) for each in summary["rounds"]]
        number = finished[-1] if round is None else round
        if number not in finished:
            raise ValueError(f"Cannot load round {number} of {path}: finished rounds are {finished}")
        path = _round_folder(path, number) / "end.safetensors"
    tensors, metadata = read_safetensors(path)
    if metadata.get("format") == "lth-ecg-ticket/1":
        return _ticket(path, tensors, metadata)
    if metadata.get("format") == "lth-ecg-checkpoint/1":
        return _checkpoint(path, tensors, metadata)
    if "network" in metadata:
        return _export(tensors, metadata)
    raise ValueError(f"Cannot use {path}: its format is {metadata.get('format')!r}, expected a ticket, an export "
                     "or a round's end.safetensors; deno task export makes one")


def masks(run, round):
    """The masks of a pruned round, boolean arrays by the names of `Model.state`."""
    tensors, _ = read_safetensors(_round_folder(run, round) / "mask.safetensors")
    return {_state_name(name.split("/", 1)[1]): array.astype(bool) for name, array in tensors.items()}


def read_safetensors(file):
    """All arrays of a safetensors file by name, and its metadata."""
    data = Path(file).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:start]) if start <= len(data) else {}
        metadata, tensors = header.pop("__metadata__"), {}
        for name, each in header.items():
            begin, end = (start + offset for offset in each["data_offsets"])
            array = np.frombuffer(data[begin:end], _DTYPES[each["dtype"]][0]).reshape(each["shape"])
            tensors[name] = array.copy()
    except (KeyError, ValueError, TypeError):
        raise ValueError(f"Cannot use {file}: it is truncated, damaged or no safetensors file of lth-ecg") from None
    return tensors, metadata


# numpy's name of a type, and the one in checksums.
_DTYPES = {
    "F32": ("<f4", "Float32Array"), "F64": ("<f8", "Float64Array"), "I16": ("<i2", "Int16Array"),
    "I32": ("<i4", "Int32Array"), "I64": ("<i8", "BigInt64Array"), "U8": ("u1", "Uint8Array"),
}


def _checksum(tensors, text):
    names = dict(_DTYPES.values())
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        kind = next(names[each] for each in names if np.dtype(each) == array.dtype)
        shape = ",".join(map(str, array.shape))
        digest.update(f"\0{name}\0{kind}\0{shape}\0".encode() + array.tobytes())
    return digest.hexdigest()


def _ticket(file, tensors, metadata):
    if _checksum(tensors, metadata["ticket"]) != metadata["sha256"]:
        raise ValueError(f"Cannot use {file}: it is damaged, its checksum does not match its contents")
    header = json.loads(metadata["ticket"])
    nodes = header["graph"]["nodes"] if "graph" in header else resnet1d(**header["shape"])
    state = {_state_name(name): _dense(name, shape, tensors) for name, shape in _shapes(nodes)}
    return Model(
        _modules(nodes), header["epsilon"], state, header["classes"], header["normalisation"], header["priors"],
        header.get("decision"), header.get("temperature", 1.0), header.get("flipAverage", False),
        header["licence"], header)


def _checkpoint(file, tensors, metadata):
    directory = Path(file).resolve().parent.parent
    config, summary = _read_json(directory / "config.json"), _read_json(directory / "summary.json")
    settings, classes = config["network"], summary["classes"]
    if settings.get("graph"):
        nodes = [{**node, "channels": len(classes)} if node.get("channels") == "classes" else node
                 for node in settings["graph"]["nodes"]]
    else:
        sizes = ("filters", "kernel", "blocks", "blocksPerStage")
        nodes = resnet1d(**{size: settings[size] for size in sizes}, classes=len(classes))
    state = {_state_name(name): tensors[f"{'buffer' if 'running_' in name else 'value'}/{name}"]
             for name, _ in _shapes(nodes)}
    number = json.loads(metadata["state"]).get("round")
    temperature = next((each.get("temperature", 1.0) for each in summary["rounds"] if each["round"] == number), 1.0)
    return Model(_modules(nodes), settings["normEpsilon"], state, classes, None, None, config.get("score"),
                 temperature, config.get("flipAverage", False), None, config)


def _export(tensors, metadata):
    network = json.loads(metadata["network"])
    state = dict(tensors)
    for name, shape in json.loads(metadata["sparse"]).items():
        dense = np.zeros(np.prod(shape), np.float32).reshape(shape[0], -1)
        begins, columns, values = (state.pop(name + part) for part in (".rows", ".columns", ".values"))
        dense[np.repeat(np.arange(shape[0]), np.diff(begins)), columns] = values
        state[name] = dense.reshape(shape)
    if "nodes" in network:
        nodes, epsilon = network["nodes"], network["epsilon"]
    else:  # Older exports only have the sizes of a residual network.
        epsilon = network.pop("epsilon")
        nodes = _modules(resnet1d(**network))
    known = {name: json.loads(metadata[name]) for name in ("classes", "normalisation", "priors", "decision")
             if name in metadata}
    return Model(nodes, epsilon, state, **known, temperature=float(metadata.get("temperature", 1)),
                 flip_average="flipAverage" in metadata, licence=metadata.get("licence"), header=metadata)


def _dense(name, shape, tensors):
    """A tensor of a ticket: whole, with a bitmap of the survivors, or as compressed sparse rows."""
    if name in tensors:
        return tensors[name]
    dense, values = np.zeros(shape, np.float32).reshape(shape[0], -1), tensors[name + ".values"]
    if name + ".bitmap" in tensors:
        bits = np.unpackbits(tensors[name + ".bitmap"], bitorder="little")[:dense.size]
        dense.reshape(-1)[bits == 1] = values
    else:
        counts = np.diff(tensors[name + ".rows"])
        dense[np.repeat(np.arange(shape[0]), counts), tensors[name + ".columns"]] = values
    return dense.reshape(shape)


def resnet1d(filters, kernel, blocks, blocksPerStage, classes):
    """The nodes of the residual network (src/model/networks/resnet1d.ts)."""
    nodes = []

    def add(op, name, x, **fields):
        nodes.append({"op": op, "name": name, "input": x, **fields})
        return name

    def conv(name, x, channels, stride=1, width=kernel, **fields):
        return add("conv", name, x, channels=channels, kernel=width, stride=stride, **fields)

    x = add("norm", "stem.norm", conv("stem", "input", filters), relu=True)
    before = filters
    for i in range(blocks):
        name, channels, stride = f"block{i}", filters * 2**(i // blocksPerStage), i % 2 + 1
        y = x if i == 0 else add("norm", f"{name}.norm1", x, relu=True)
        y = add("norm", f"{name}.norm2", conv(f"{name}.conv1", y, channels, stride), relu=True)
        if stride > 1 or channels != before:
            x = add("shortcut", f"{name}.shortcut", x, channels=channels, stride=stride)
        x, before = conv(f"{name}.conv2", y, channels, add=x), channels
    conv("head", add("norm", "head.norm", x, relu=True), classes, width=1)
    return nodes


def _shapes(nodes):
    """Names and shapes of all tensors of a network, as checkpoints and tickets name them."""
    channels = {"input": 1}
    for node in nodes:
        name, inner = node["name"], channels[node["input"]]
        channels[name] = node.get("channels", inner)
        if node["op"] == "conv":
            yield f"{name}.weight", (node["channels"], inner, node["kernel"])
            yield f"{name}.bias", (node["channels"],)
        elif node["op"] == "norm":
            yield from ((f"{name}.{part}", (inner,)) for part in ("gamma", "beta", "running_mean", "running_variance"))


def _module(name):
    """The module of a node in PyTorch, as src/model/pytorch_names.ts names it."""
    head, _, rest = name.partition(".")
    block = f"blocks.{head[5:]}." if head.startswith("block") and head[5:].isdigit() and rest else ""
    return block + (rest if block else name).replace(".", "_").replace("-", "_")


def _state_name(name):
    """The name in the state dict of a tensor of a checkpoint or ticket."""
    node, _, tensor = name.rpartition(".")
    renamed = {"gamma": "weight", "beta": "bias", "running_variance": "running_var"}
    return f"{_module(node)}.{renamed.get(tensor, tensor)}"


def _modules(nodes):
    """The nodes by the names of their modules."""
    return [{**node, **{key: _module(node[key]) for key in ("name", "input", "add") if key in node}} for node in nodes]


def torch_network(nodes, epsilon=1e-3):
    """An untrained torch.nn.Module of these nodes; the state dict has a node's name before each of its tensors."""
    nn = _torch().nn
    F = nn.functional

    class Same(nn.Conv1d):
        """TensorFlow's SAME padding: an odd padding has the extra zero at the end."""

        def forward(self, x):
            stride, kernel = self.stride[0], self.kernel_size[0]
            total = max((-(-x.shape[-1] // stride) - 1) * stride + kernel - x.shape[-1], 0)
            return super().forward(F.pad(x, (total // 2, total - total // 2)))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
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
            for node in nodes:
                x = values[node["input"]]
                if node["op"] == "conv":
                    y = self._layers[node["name"]](x)
                    y = y + values[node["add"]] if "add" in node else y
                elif node["op"] == "norm":
                    y = self._layers[node["name"]](x)
                    y = F.relu(y) if node["relu"] else y
                else:
                    stride = node["stride"]
                    y = F.max_pool1d(x, stride, ceil_mode=True) if stride > 1 else x
                    y = F.pad(y, (0, 0, 0, node["channels"] - y.shape[1]))
                values[node["name"]] = y
            return values[nodes[-1]["name"]]

    return Network()


# ---- Predictions ----


def predict(model, samples, network=None):
    """The label of a record, as `deno task predict` gives it.

    samples: one lead in stored units (1000 per mV) at `model.rate` [length]; an incomplete last step is
    left out. network: `model.torch()`, if it is at hand. Gives label, probabilities (mean softmax over the
    steps, at the model's temperature), votes and the label of every step.
    """
    if model.normalisation is None:
        raise ValueError("A round of a run does not hold its data's mean and priors: make a ticket of it with "
                         "deno task export --run R --format ticket")
    hop, samples = model.hop, np.asarray(samples, np.float64)
    length = len(samples) // hop * hop
    if samples.ndim != 1 or length == 0:
        raise ValueError(f"A record needs one dimension of at least {hop} samples, got {samples.shape}")
    # In the precision of `predict`.
    mean, factor = np.float32(model.normalisation["mean"]), np.float32(1 / model.normalisation["std"])
    x = ((samples[:length] - np.float64(mean)) * np.float64(factor)).astype(np.float32)
    output = logits(model, x, network)
    if model.flip_average:
        both = (_softmax(output) + _softmax(logits(model, -x, network))) / 2
        output = np.log(both)
    rule = model.decision or {"decision": "vote", "priorExponent": 1}
    weights = (min(model.priors) / np.array(model.priors)) ** rule["priorExponent"]
    softmax = _softmax(output)
    steps = (softmax * weights[:, None]).argmax(0)
    votes = np.bincount(steps, minlength=len(weights))
    shares = softmax.sum(1) * weights
    best = (votes == votes.max()) if rule["decision"] == "vote" else np.full(len(weights), True)
    label = int(np.where(best, shares, -1).argmax())
    named = lambda values: dict(zip(model.classes, (each.item() for each in values)))
    return {
        "label": model.classes[label],
        "probabilities": named(_softmax(output / model.temperature).mean(1)),
        "votes": named(votes),
        "steps": [model.classes[step] for step in steps],
    }


def logits(model, normalised, network=None):
    """Logits [classes, steps] of one normalised record [length]."""
    torch = _torch()
    with torch.no_grad():
        x = torch.from_numpy(np.ascontiguousarray(normalised, np.float32)).reshape(1, 1, -1)
        return (network or model.torch())(x)[0].numpy().astype(np.float64)


def _softmax(logits):
    powers = np.exp(logits - logits.max(0))
    return powers / powers.sum(0)


def read_mat(file):
    """The samples of a recording of PhysioNet/CinC 2017: a MATLAB v4 file of one row of int16, 1000 per mV."""
    data = Path(file).read_bytes()
    if len(data) < 24:
        raise ValueError(f"Cannot read {file}: it has {len(data)} bytes")
    kind, rows, columns, _, name = np.frombuffer(data[:20], "<i4")
    start = 20 + name
    if (kind, rows) != (30, 1) or len(data) < start + 2 * columns:
        raise ValueError(f"Cannot read {file}: it is no row of int16 in a MATLAB v4 file; read it with scipy, wfdb "
                         "or another package and pass the samples")
    return np.frombuffer(data[start:start + 2 * columns], "<i2")


def _main(command=None, *names):
    """The exit code: 0, or 2 for arguments that are no command."""
    if command == "rounds" and names:
        rounds(*names).to_csv(sys.stdout, index=False, quoting=csv.QUOTE_MINIMAL)
    elif command == "predict" and len(names) > 1:
        model = load(names[0])
        network = model.torch()
        for name in names[1:]:
            samples = read_mat(name)
            if len(samples) < model.hop:
                raise ValueError(f"Cannot label {name}: its length is {len(samples)}, expected {model.hop} samples or more")
            print(json.dumps({"record": name, **predict(model, samples, network)}))
    elif command == "logits" and len(names) == 3:
        data = Path(names[1]).read_bytes()
        if len(data) == 0 or len(data) % 4 != 0:
            raise ValueError(f"Cannot use {names[1]}: it has {len(data)} bytes, expected float32 of 4 bytes each")
        output = logits(load(names[0]), np.frombuffer(data, "<f4"))
        output.astype("<f4").tofile(names[2])
    elif command in ("--help", "-h"):
        print(__doc__)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def _sentence(error):
    """What an error says, without the number that Python puts before the system's words."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"Cannot use {os.fsdecode(error.filename)}: {error.strerror[:1].lower()}{error.strerror[1:]}"
    return str(error)


if __name__ == "__main__":
    try:
        sys.exit(_main(*sys.argv[1:]))
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"error: {_sentence(error)}")
