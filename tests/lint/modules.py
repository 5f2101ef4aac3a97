"""The walls between crates and modules that the compiler does not hold: no cycle between the modules of a crate of shared/,
no network in the domain's dependencies, no decision by kind in ingest, no pointer into a request outside api. Prints one
line per fault; run by `tests/run walls`."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATES = ["shared/domain", "shared/core"]
# Files that only tests compile.
TESTS = ("tests", "properties")
# Crates, or beginnings of their names, that the domain may not depend on, however indirectly.
FORBIDDEN = ("tokio", "hyper", "reqwest", "tracing", "aws-", "aws_", "lambda_", "axum", "rustls")


def without_tests(text):
    """Code without comments and without what only tests compile: those may look across modules."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.split(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod \w+\s*\{", text)[0]


def paths(tree, before=()):
    """Every path of a use tree, as tuples: `crate::{a::B, c}` is crate::a::B and crate::c."""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    if not brace:
        name = tree.split(" as ")[0].strip()
        return [before + tuple(name.split("::"))] if name else []
    before = before + tuple(part for part in head.split("::") if part.strip())
    found, depth, item = [], 0, ""
    for character in rest.rstrip()[:-1] + ",":
        if character == "," and depth == 0:
            found += paths(item, before)
            item = ""
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        item += character
    return found


def uses(text):
    """The top-level modules that `text` names by `crate::`, in imports and in place."""
    names = set()
    for tree in re.findall(r"\buse\s+(crate::[^;]*);", text):
        names |= {path[1] for path in paths(re.sub(r"\s+", " ", tree).replace(" ", "")) if len(path) > 1}
    rest = re.sub(r"\buse\s+[^;]*;", "", text)
    return names | set(re.findall(r"(?<!\$)\bcrate::(\w+)", rest))


def modules(crate):
    """Top-level modules of `crate`, each with those that it uses."""
    source = ROOT / crate / "src"
    used = defaultdict(set)
    known = set(re.findall(r"^\s*(?:pub(?:\(crate\))? )?mod (\w+);", (source / "lib.rs").read_text(), re.MULTILINE))
    for path in sorted(source.rglob("*.rs")):
        parts = path.relative_to(source).with_suffix("").parts
        if parts[0] in known and path.stem not in TESTS:
            used[parts[0]] |= (uses(without_tests(path.read_text())) & known) - {parts[0]}
    return {module: used[module] for module in known}


def knots(graph):
    """The strongly connected components with more than one module (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            knot = [stack.pop()]
            while knot[-1] != node:
                knot.append(stack.pop())
            if len(knot) > 1:
                found.append(sorted(knot))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def knot_faults():
    for crate in CRATES:
        graph = modules(crate)
        for knot in knots(graph):
            ways = [f"{one} uses {other}" for one in knot for other in sorted(graph[one] & set(knot))]
            yield f"{crate}: {len(knot)} modules use each other: {', '.join(ways)}"


def domain_faults():
    # As in tests/run: a clean checkout has to agree with the committed lock file.
    locked = ["--locked"] if os.environ.get("CI") else []
    tree = subprocess.run(
        ["cargo", "tree", *locked, "-p", "likeness-domain", "-e", "normal", "--prefix", "none"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    for line in sorted(set(tree.splitlines())):
        if line.startswith(FORBIDDEN):
            yield f"shared/domain depends on {line.removesuffix(' (*)')}"


def matching_lines(folder, pattern):
    for path in sorted((ROOT / folder).rglob("*.rs")):
        if path.stem in TESTS:
            continue
        for number, line in enumerate(without_tests(path.read_text()).splitlines(), 1):
            if re.search(pattern, line):
                yield f"{path.relative_to(ROOT)}:{number}"


def kind_faults():
    # Kind::Master(…) and the like, whether in a match, an if let or matches!.
    for place in matching_lines("functions/ingest/src", r"\bKind::[A-Z]"):
        yield f"{place}: ingest decides by the kind; ask the job, its kind or its storage plan instead"


def pointer_faults():
    for crate in CRATES:
        for place in matching_lines(f"{crate}/src", r'"/[a-z][A-Za-z]*(/|"|\{)'):
            # fal's own paths are no pointers.
            if not place.startswith("shared/core/src/fal"):
                yield f"{place}: a JSON pointer into a request; name the field, api makes a pointer of it"


def main():
    faults = [*knot_faults(), *domain_faults(), *kind_faults(), *pointer_faults()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
