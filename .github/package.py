"""What a release consists of, for one architecture: a zip for each function, a template that deploys them without Rust, and the
command `likeness` (laptop mode, emulator, first API key) as a tar.gz.

Usage: package.py ARCHITECTURE VERSION FOLDER LIKENESS   after `cargo lambda build`; LIKENESS is the path of that binary,
       e.g. package.py arm64 v1.2.3 dist target/lambda/likeness/bootstrap
"""

import gzip
import io
import os
import pathlib
import re
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARIES = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "lambda"
BUILT = r"    Metadata:\n      BuildMethod: rust-cargolambda\n      BuildProperties: \{ Binary: (\w+) \}\n    Properties:\n"
# Zips have no zone and begin in 1980; a fixed time makes equal binaries equal zips.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def replaced(pattern, replacement, text, times):
    text, count = re.subn(pattern, replacement, text)
    if count != times:
        sys.exit(f"template.yaml holds {pattern!r} {count} times, not {times}")
    return text


def pack(binary, target):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        entry = zipfile.ZipInfo("bootstrap", NO_TIME)
        entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, binary.read_bytes())


def pack_command(binary, target, folder):
    """`folder/likeness` and the licence, without times and owners, so that equal binaries make equal archives."""
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content, mode in [
            ("likeness", binary.read_bytes(), 0o755),
            ("LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
            ("NOTICE", (ROOT / "NOTICE").read_bytes(), 0o644),
        ]:
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))


def main(architecture, version, folder, likeness):
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    functions = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
    name = f"likeness-{version}-{architecture}"
    for function in functions:
        pack(BINARIES / function / "bootstrap", out / f"{name}-{function}.zip")
    pack_command(pathlib.Path(likeness), out / f"{name}-likeness.tar.gz", name)
    template = (ROOT / "template.yaml").read_text()
    template = replaced(BUILT, rf"    Properties:\n      CodeUri: {name}-\1.zip\n", template, len(functions))
    template = replaced(r"    CodeUri: \.\n", "", template, 1)
    choice = r"    Default: arm64\n    AllowedValues: \[arm64, x86_64\]\n"
    template = replaced(choice, f"    Default: {architecture}\n    AllowedValues: [{architecture}]\n", template, 1)
    (out / f"{name}.yaml").write_text(template)


if __name__ == "__main__":
    main(*sys.argv[1:])
