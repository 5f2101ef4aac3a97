"""What a page of another origin may send and read, against what the API reads and answers: a header that is left out of
the template fails at the browser's preflight, where no test of ours comes by."""

import re

from cloudformation import ROOT

API = ROOT / "functions/api/src"

# A header that code asks for: by its text, by the http crate's name, or by a constant of the file.
ASKED = re.compile(
    r"""(?:headers\(\)|headers)\s*\.get(?:_all)?\(\s*(?:"(?P<text>[a-z-]+)"|header::(?P<name>[A-Z_]+)|(?P<constant>[A-Z_]+))"""
    r"""|text\(header::(?P<read>[A-Z_]+)\)|text\(header::HeaderName::from_static\("(?P<static>[a-z-]+)"\)"""
)


def sources():
    for path in sorted(API.rglob("*.rs")):
        if path.name != "tests.rs":
            yield path.read_text().split("#[cfg(test)]")[0]


def names(pattern, code):
    for match in pattern.finditer(code):
        found = match.groupdict()
        if found.get("constant"):
            value = re.search(rf'const {found["constant"]}: &str = "([a-z-]+)"', code)
            yield value[1] if value else found["constant"]
        else:
            name = next(text for text in found.values() if text)
            yield name.lower().replace("_", "-")


def read():
    return {name for code in sources() for name in names(ASKED, code)}


def faults(template):
    cors = next(
        resource["Properties"]["CorsConfiguration"]["If"][1]
        for resource in template["Resources"].values()
        if "CorsConfiguration" in resource.get("Properties", {})
    )
    allowed, asked = set(cors["AllowHeaders"]), read()
    if len(asked) < 8:
        yield f"CORS: tests/lint finds only {', '.join(sorted(asked))} read by the API, and no longer understands its code"
    for name in sorted(asked - allowed):
        yield f"CORS: the API reads {name}, which AllowHeaders lacks: no page could send it"
    yield from local_faults(cors)


def local_faults(deployed):
    """The laptop's API answers browsers as the deployed one does."""
    for path in ROOT.glob("local/**/src/**/triggers/cors.rs"):
        code = path.read_text()
        for constant, key in [("METHODS", "AllowMethods"), ("ALLOW_HEADERS", "AllowHeaders"), ("EXPOSE_HEADERS", "ExposeHeaders")]:
            value = re.search(rf'const {constant}: &str =\s*"([^"]+)"', code)
            local = set(value[1].split(",")) if value else set()
            for name in sorted(local ^ set(deployed[key])):
                yield f"CORS: {path.relative_to(ROOT)} and {key} of the template differ in {name}"
