"""What no test would miss until the day it is needed: neither ministack nor the laptop stack does any of it, so the text of
template.yaml is all that can be looked at. Called by template.py."""

from cloudformation import ROOT, functions

STORE = ROOT / "shared/core/src/store"
# Callbacks need a floor, sweeps a ceiling.
RESERVED = {"webhook", "cleanup"}


def faults(template):
    resources = template["Resources"]
    by_type = {kind: [] for kind in ("AWS::DynamoDB::Table", "AWS::Serverless::HttpApi")}
    for name, resource in resources.items():
        if resource["Type"] in by_type:
            by_type[resource["Type"]].append((name, resource))
    for name, table in by_type["AWS::DynamoDB::Table"]:
        yield from (f"{name}: {fault}" for fault in table_faults(table, template["Parameters"]))
    for name, api in by_type["AWS::Serverless::HttpApi"]:
        yield from (f"{name}: {fault}" for fault in api_faults(api["Properties"]))
    for name, function in functions(template).items():
        yield from (f"{name}: {fault}" for fault in function_faults(function))


def table_faults(table, parameters):
    properties = table["Properties"]
    if not {table.get("DeletionPolicy"), table.get("UpdateReplacePolicy")} <= {"Retain", "RetainExceptOnCreate"}:
        yield "a deletion or a replacement of the stack would take it along"
    if properties.get("DeletionProtectionEnabled") not in [{"Ref": name} for name in parameters]:
        yield "its deletion protection is no parameter"
    if not properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        yield "it cannot be brought back to an earlier time"
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        yield "it is not billed by request"
    ends = properties.get("TimeToLiveSpecification", {})
    if not ends.get("Enabled") or f"    {ends.get('AttributeName')}: " not in written():
        yield f"items end by {ends.get('AttributeName')}, which store/ does not write"


def written():
    return "".join(path.read_text() for path in sorted(STORE.glob("*.rs")))


def api_faults(properties):
    settings = properties.get("DefaultRouteSettings", {})
    if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= settings.keys():
        yield "it is not throttled"
    if "AccessLogSettings" not in properties:
        yield "it has no access log"


def function_faults(function):
    properties, binary = function["Properties"], function["Metadata"]["BuildProperties"]["Binary"]
    for setting in ("MemorySize", "Timeout", "Description"):
        if setting not in properties:
            yield f"it is left to Lambda's default {setting}"
    if (binary in RESERVED) != ("ReservedConcurrentExecutions" in properties):
        yield "concurrency is reserved for webhook and cleanup, and for no other"
    for event in properties["Events"].values():
        if event["Type"] == "ScheduleV2" and event["Properties"].get("OmitName") is not True:
            yield "its schedule has a name that a second stack would have too"
        if event["Type"] == "SQS" and "MaximumConcurrency" not in event["Properties"].get("ScalingConfig", {}):
            yield "a lane without a MaximumConcurrency"
