"""The rules of template.yaml that cfn-lint does not know: least privilege, names that the Rust code shares, and numbers
that belong together. Prints one line per fault; run by `tests/run template`."""

import re
import sys

import cloudformation
import cors
import safeguards
from cloudformation import ROOT

CORE = ROOT / "shared/core/src"
DOMAIN = ROOT / "shared/domain/src"
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

TEMPLATE = cloudformation.template()
RESOURCES = TEMPLATE["Resources"]
FUNCTIONS = cloudformation.functions(TEMPLATE)
# Read by shared/core/src/telemetry.rs, whatever the App.
READ_BY_ALL = {"RUST_LOG"}


def named(value):
    """The resource that `!Ref X` or `!GetAtt X.Arn` means."""
    (target,) = value.values()
    return target.split(".")[0]


# Actions for which AWS defines no resource that a statement could name.
RESOURCELESS = {"rekognition:CompareFaces"}


def as_list(value):
    return value if isinstance(value, list) else [value]


def binary_faults(functions):
    built = {function["Metadata"]["BuildProperties"]["Binary"] for function in functions.values()}
    crates = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}
    for name in sorted(built ^ crates):
        yield f"{name}: functions/ and the template do not name the same functions"


def unconditional(statement):
    """What a statement says where its condition holds."""
    return statement.get("If", [None, statement])[1]


def statement_faults(name, properties):
    for statement in (unconditional(s) for policy in properties["Policies"] for s in policy["Statement"]):
        where = f"{name}.{statement.get('Sid', '(a statement without Sid)')}"
        for action in as_list(statement["Action"]):
            if "*" in action:
                yield f"{where}: action {action} is a wildcard"
        for resource in as_list(statement.get("Resource", [])):
            if "*" in str(resource) and not set(as_list(statement["Action"])) <= RESOURCELESS:
                yield f"{where}: resource {resource} is a wildcard"
            index = re.search(r"/index/(\w+)", str(resource))
            if index and index[1] not in indexes():
                yield f"{where}: the table has no index {index[1]}"


def indexes():
    (table,) = (r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::DynamoDB::Table")
    return {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}


def log_faults(name, properties):
    group = properties.get("LoggingConfig", {}).get("LogGroup")
    if not group or "RetentionInDays" not in RESOURCES[named(group)]["Properties"]:
        yield f"{name}: no log group with a retention of its own"
    elif "Recorder" in rust(crate_of(RESOURCES[name]) / "app.rs") and named(group) not in counted("lane_stopped"):
        yield f"{name}: nobody is told of the lane_stopped that its Recorder writes"


def counted(event):
    filters = (r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::Logs::MetricFilter")
    return {named(f["LogGroupName"]) for f in filters if f'"{event}"' in f["FilterPattern"]}


def lane_faults(name, properties):
    events = [e for e in properties["Events"].values() if e["Type"] == "SQS"]
    lanes = {named(event["Properties"]["Queue"]) for event in events}
    statements = [statement for policy in properties["Policies"] for statement in policy["Statement"]]
    if lanes and not any(fences(statement, lanes) for statement in statements):
        yield f"{name}: may poll queues other than {', '.join(sorted(lanes))}"
    for event in events:
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
        if f"{dead}.QueueName" not in alarmed():
            yield f"{dead}: nobody is told of dead letters"


def fences(statement, lanes):
    return (
        statement["Effect"] == "Deny"
        and set(statement["Action"]) == POLLING
        and {named(resource) for resource in as_list(statement.get("NotResource", []))} == lanes
    )


def alarmed():
    alarms = (r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm")
    return {
        target
        for alarm in alarms
        for dimension in alarm.get("Dimensions", [])
        for target in dimension["Value"].values()
    }


# What a function's App reads from the environment, taken from the Rust text. The forms are few, and one that is unknown
# here is a fault: env.required("NAME"), env.url("NAME", default), env.optional("NAME"), env.parsed("NAME"),
# env.required(lane.variable()) for every lane, and X::from_env(env), whose `impl X` is in a file of shared/core.


def rust(path):
    """The text without its tests."""
    return path.read_text().split("#[cfg(test)]")[0]


def crate_of(function):
    return ROOT / "functions" / function["Metadata"]["BuildProperties"]["Binary"] / "src"


def first_arguments(code, method, rest=""):
    """What stands first in each `env.method(...)`."""
    return set(re.findall(rf'\benv\s*\.\s*{method}\(\s*("\w*"|[^\s,)]+){rest}', code))


def environment_read(code):
    """The names that `code` reads, those among them that it cannot do without, and what is not understood."""
    read = set(re.findall(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"', code))
    # Behind a look whether it is there, an address may be absent.
    urls = first_arguments(code, "url", r",\s*None\b") - first_arguments(code, "optional")
    required = {name.strip('"') for name in first_arguments(code, "required") | urls if name.startswith('"')}
    strange = {name for name in first_arguments(code, "(?:required|optional|url|parsed)") if not name.startswith('"')}
    if "lane.variable(" in strange:
        lanes = set(re.findall(r'"([A-Z]+_QUEUE_URL)"', rust(DOMAIN / "lane.rs")))
        read, required, strange = read | lanes, required | lanes, strange - {"lane.variable("}
    for config in re.findall(r"\b(\w+)::from_env\(\s*env\b", code):
        block = implementation(config)
        if not block:
            strange.add(f"{config}::from_env")
            continue
        inner = environment_read(block)
        read, required, strange = read | inner[0], required | inner[1], strange | inner[2]
    return read, required, strange


def implementation(config):
    """The `impl` block of `config` that holds its from_env."""
    for path in sorted(CORE.rglob("*.rs")):
        for block in re.findall(rf"^impl {config} \{{$(.*?)^\}}$", rust(path), re.MULTILINE | re.DOTALL):
            if "fn from_env" in block:
                return block
    return None


def lambda_sets(name):
    return name.startswith("AWS_")


def environment_faults(name, function):
    code = "".join(rust(path) for path in sorted(crate_of(function).rglob("*.rs")))
    read, required, strange = environment_read(code)
    # config.rs hands these two names on as variables; both are Lambda's.
    for form in sorted(strange - {"endpoint", "name"}):
        yield f"{name}: its code reads the environment by {form}, which tests/lint does not understand"
    variables = cloudformation.environment(TEMPLATE, function)
    for variable in sorted(variables.keys() - read - READ_BY_ALL):
        yield f"{name}: no code of it reads {variable}"
    for variable in sorted(v for v in required - variables.keys() if not lambda_sets(v)):
        yield f"{name}: does not start without {variable}, which is not set"
    for variable in sorted(required & variables.keys()):
        if "AWS::NoValue" in str(variables[variable]):
            yield f"{name}: does not start without {variable}, which is set on a condition"
    for variable in sorted((read & elsewhere(name)) - required - variables.keys()):
        yield f"{name}: reads {variable} too, which other functions are given"
    yield from queue_faults(name, function["Properties"], variables)


def elsewhere(name):
    """What the template sets for other functions: a setting has one value everywhere."""
    others = (f for n, f in FUNCTIONS.items() if n != name)
    return {variable for function in others for variable in function["Properties"]["Environment"]["Variables"]}


def queue_faults(name, properties, variables):
    known = {named(value) for value in variables.values() if is_queue(value)}
    granted = {
        named(resource)
        for policy in properties["Policies"]
        for statement in map(unconditional, policy["Statement"])
        if statement["Effect"] == "Allow" and "sqs:SendMessage" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    for queue in sorted(known - granted):
        yield f"{name}: is given the URL of {queue} and may not send to it"
    for queue in sorted(granted - known):
        yield f"{name}: may send to {queue} and is not given its URL"


def is_queue(value):
    return isinstance(value, dict) and RESOURCES.get(str(value.get("Ref")), {}).get("Type") == "AWS::SQS::Queue"


def faults():
    yield from binary_faults(FUNCTIONS)
    for name, function in FUNCTIONS.items():
        yield from statement_faults(name, function["Properties"])
        yield from log_faults(name, function["Properties"])
        yield from lane_faults(name, function["Properties"])
        yield from environment_faults(name, function)
    yield from safeguards.faults(TEMPLATE)
    yield from cors.faults(TEMPLATE)


found = list(faults())
for fault in found:
    print(f"template.yaml: {fault}", file=sys.stderr)
sys.exit(bool(found))
