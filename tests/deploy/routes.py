"""The one thing done here that CloudFormation does on AWS: ministack ignores `Body` of AWS::ApiGatewayV2::Api, which is
where SAM writes an HttpApi's routes. They are made of that same Body, by API Gateway's own calls. CORS, which is in the
Body too, is not: the template's is not tested here."""

import json
import re


def make(account, stack):
    """Makes the routes that are not there yet; returns how many the stack has."""
    clouds, gateway = account.client("cloudformation"), account.client("apigatewayv2")
    processed = clouds.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    if isinstance(processed, str):
        processed = json.loads(processed)
    described = clouds.describe_stack_resources(StackName=stack)["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}
    (api,) = (name for name, r in processed["Resources"].items() if r["Type"] == "AWS::ApiGatewayV2::Api")
    there = {route["RouteKey"] for route in gateway.get_routes(ApiId=ids[api])["Items"]}
    wanted = dict(routes(processed["Resources"][api]["Properties"]["Body"]))
    for key, function in sorted(wanted.items()):
        if key not in there:
            arn = account.client("lambda").get_function(FunctionName=ids[function])["Configuration"]["FunctionArn"]
            integration = gateway.create_integration(
                ApiId=ids[api], IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=ids[api], RouteKey=key, Target=target)
    return len(wanted)


def routes(body):
    """Each route's key with the function that it leads to."""
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["payloadFormatVersion"] == "2.0", integration
            function = re.search(r"functions/\$\{(\w+)\.Arn\}/invocations", integration["uri"]["Fn::Sub"])
            yield f"{verb} {path}", function[1]
