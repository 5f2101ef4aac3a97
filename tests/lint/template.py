"""The rules of template.yaml that cfn-lint does not know: least privilege, names that the Rust code shares, and numbers
that belong together. Prints one line per fault; run by `tests/run template`."""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def construct_intrinsic(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


class Loader(yaml.SafeLoader):
    """YAML whose `!Ref X` becomes {"Ref": "X"}."""


Loader.add_multi_constructor("!", construct_intrinsic)

TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(), Loader)
RESOURCES = TEMPLATE["Resources"]
# RUST_LOG is read by tracing-subscriber, under that name.
SHARED_ENVIRONMENT = {
    name: value
    for name, value in TEMPLATE["Globals"]["Function"]["Environment"]["Variables"].items()
    if name != "RUST_LOG"
}


def named(value):
    """The resource that `!Ref X` or `!GetAtt X.Arn` means."""
    (target,) = value.values()
    return target.split(".")[0]


def as_list(value):
    return value if isinstance(value, list) else [value]


def binary_faults(functions):
    built = {function["Metadata"]["BuildProperties"]["Binary"] for function in functions.values()}
    crates = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}
    for name in sorted(built ^ crates):
        yield f"{name}: functions/ and the template do not name the same functions"


def statement_faults(name, properties):
    for statement in (s for policy in properties["Policies"] for s in policy["Statement"]):
        where = f"{name}.{statement.get('Sid', '(a statement without Sid)')}"
        for action in as_list(statement["Action"]):
            if "*" in action:
                yield f"{where}: action {action} is a wildcard"
        if "*" in as_list(statement.get("Resource", [])):
            yield f"{where}: resource * where a name exists"


def log_faults(name, properties):
    group = properties.get("LoggingConfig", {}).get("LogGroup")
    if not group or "RetentionInDays" not in RESOURCES[named(group)]["Properties"]:
        yield f"{name}: no log group with a retention of its own"


def lane_faults(name, properties):
    for event in (e for e in properties["Events"].values() if e["Type"] == "SQS"):
        lane = named(event["Properties"]["Queue"])
        queue = RESOURCES[lane]["Properties"]
        dead = named(queue["RedrivePolicy"]["deadLetterTargetArn"])
        if queue["VisibilityTimeout"] < 6 * properties["Timeout"]:
            yield f"{lane}: visibility below six times the timeout of {name}"
        if queue["RedrivePolicy"]["maxReceiveCount"] < 5:
            yield f"{lane}: throttling alone would fill {dead}"
        if RESOURCES[dead]["Properties"].get("MessageRetentionPeriod") != 14 * 24 * 3600:
            yield f"{dead}: dead letters are kept for 14 days"
        if event["Properties"].get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: one bad message would repeat the whole batch"
        if not any(fences(statement, lane) for policy in properties["Policies"] for statement in policy["Statement"]):
            yield f"{name}: may poll queues other than {lane}"
        if f"{dead}.QueueName" not in alarmed():
            yield f"{dead}: nobody is told of dead letters"


def fences(statement, lane):
    return (
        statement["Effect"] == "Deny"
        and set(statement["Action"]) == POLLING
        and named(statement.get("NotResource", {"none": ""})) == lane
    )


def alarmed():
    alarms = (r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm")
    return {
        target
        for alarm in alarms
        for dimension in alarm.get("Dimensions", [])
        for target in dimension["Value"].values()
    }


def environment_faults(name, function):
    """A variable that no code of the function reads is a misspelt one."""
    crate = ROOT / "functions" / function["Metadata"]["BuildProperties"]["Binary"] / "src"
    code = "".join(path.read_text() for root in (crate, ROOT / "shared") for path in root.rglob("*.rs"))
    variables = {**SHARED_ENVIRONMENT, **function["Properties"]["Environment"]["Variables"]}
    for variable in variables:
        # As a literal, or as the field of a configuration that is named after it.
        if not re.search(rf"\b({variable}|{variable.lower()})\b", code):
            yield f"{name}: no code reads {variable}"


def faults():
    functions = {n: r for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
    yield from binary_faults(functions)
    for name, function in functions.items():
        yield from statement_faults(name, function["Properties"])
        yield from log_faults(name, function["Properties"])
        yield from lane_faults(name, function["Properties"])
        yield from environment_faults(name, function)


found = list(faults())
for fault in found:
    print(f"template.yaml: {fault}", file=sys.stderr)
sys.exit(bool(found))
