"""The templates as SAM expands them."""

import json
import re
import shlex
import tomllib

import click
from samcli.cli.main import cli
from samcli.cli.types import CfnParameterOverridesType
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from harness import ROOT, check, finish

EXAMPLES = ROOT / "examples"


def expand(name):
    template = yaml_parse((EXAMPLES / name / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            # As `sam package` leaves it.
            resource["Properties"]["ContentUri"] = "s3://bucket/layer.zip"
    return Translator({}, Parser()).translate(template, {})["Resources"]


def of_type(resources, name):
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == name]


def allowed_authorizers(resources):
    """Whom API Gateway may call as an authorizer."""
    return sorted(
        permission["FunctionName"]["Ref"]
        for permission in of_type(resources, "AWS::Lambda::Permission")
        if "/authorizers/" in json.dumps(permission["SourceArn"])
    )


def security(body):
    return {
        f"{method} {path}": [name for entry in operation.get("security") or [] for name in entry]
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def rest(name):
    resources = expand(name)
    [api] = of_type(resources, "AWS::ApiGateway::RestApi")
    body = api["Body"]
    schemes = body["components"]["securitySchemes"]
    definitions = {name: part["x-amazon-apigateway-authorizer"] for name, part in schemes.items()}
    caching = {
        name: (part["type"], part["authorizerResultTtlInSeconds"], part.get("identitySource"))
        for name, part in definitions.items()
    }
    check(f"{name}: stages", [stage["StageName"] for stage in of_type(resources, "AWS::ApiGateway::Stage")], ["prod"])
    responses = body["x-amazon-apigateway-gateway-responses"]
    cors = "gatewayresponse.header.Access-Control-Allow-Origin"
    kinds = ["ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"]
    check(f"{name}: refusals", sorted(kind for kind in responses if cors in responses[kind]["responseParameters"]), kinds)
    denied = responses["ACCESS_DENIED"]["responseTemplates"]["application/json"]
    check(f"{name}: 403 shows the reason", '"reason": "$context.authorizer.reason"' in denied, True)
    # As API Gateway fills it in.
    filled = denied.replace("$context.error.messageString", '"no"').replace("$context.authorizer.reason", "group_missing")
    check(f"{name}: and is JSON", json.loads(filled), {"message": "no", "reason": "group_missing"})
    return resources, body, caching


def kept(name, resources, access_log):
    """What an API has that one would keep: throttling, time-outs, an access log, and a log group of the backend's own."""
    stages = [*of_type(resources, "AWS::ApiGateway::Stage"), *of_type(resources, "AWS::ApiGatewayV2::Stage")]
    [stage] = [stage for stage in stages if stage["StageName"] in ("prod", "$default")]
    [limits] = stage.get("MethodSettings") or [stage.get("DefaultRouteSettings")]
    check(f"{name}: throttling", (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]), (100, 200))
    log = stage.get("AccessLogSetting") or stage["AccessLogSettings"]
    settings = log["Fn::If"][1] if access_log == "if wanted" else log
    check(f"{name}: the access log is JSON", {"reason", "status"} <= set(json.loads(settings["Format"])), True)
    # `TimeoutInMillis` of a resource, `timeoutInMillis` of a document.
    timeouts = re.findall(r'"timeoutInMillis": ([0-9]+)', json.dumps(resources), re.IGNORECASE)
    routes = {"rest-api-cached": 2, "rules": 6}.get(name, 1)
    check(f"{name}: time-outs", timeouts, ["10000"] * routes)
    [backend] = of_type(resources, "AWS::Lambda::Function")
    check(f"{name}: the backend", (backend["Timeout"], backend["LoggingConfig"]["LogGroup"]), (5, {"Ref": "BackendLog"}))
    groups = of_type(resources, "AWS::Logs::LogGroup")
    check(f"{name}: logs end", {group["RetentionInDays"] for group in groups}, {14})


def rules():
    """The pet store: its routes are those of its rules, and its authorizer gets the rules by a layer."""
    resources = expand("rules")
    kept("rules", resources, "if wanted")
    [api] = of_type(resources, "AWS::ApiGateway::RestApi")
    listed = json.loads((EXAMPLES / "rules" / "rules" / "routes.json").read_text())["paths"]
    named = {f"{method} {path}": ["Smac"] for path, methods in listed.items() for method in methods}
    check("rules: the API's routes are the rules'", security(api["Body"]), named)
    authorizer = api["Body"]["components"]["securitySchemes"]["Smac"]["x-amazon-apigateway-authorizer"]
    check("rules: no caching", (authorizer["type"], authorizer["authorizerResultTtlInSeconds"]), ("request", 0))
    [nested] = of_type(resources, "AWS::CloudFormation::Stack")
    parameters = yaml_parse((EXAMPLES / "rules" / nested["TemplateURL"]).read_text())["Parameters"]
    check("rules: the authorizer's parameters", set(nested["Parameters"]) - set(parameters), set())
    [(layer, _)] = [item for item in resources.items() if item[1]["Type"] == "AWS::Lambda::LayerVersion"]
    check("rules: the layer", nested["Parameters"]["SettingsLayerArn"], {"Ref": layer})
    files = {f"/opt/{path.name}" for path in (EXAMPLES / "rules" / "rules").iterdir()}
    settings = json.loads(nested["Parameters"]["ExtraSettings"]["Fn::Sub"])["RULES"]
    check("rules: the layer has the routes", settings["ROUTES"] in files, True)
    check("rules: and the policies", (settings["POLICIES"], settings["MODE"]), ("/opt", "${RulesMode}"))


def web_socket_backend(template):
    """What the example's own function answers."""
    module = {}
    exec(template["Resources"]["Backend"]["Properties"]["InlineCode"], module)

    def ask(kind, **more):
        authorizer = {"userId": "jane", "principalType": "user", "principalId": "jane", **more}
        return module["handler"]({"requestContext": {"eventType": kind, "authorizer": authorizer}}, None)

    accepted = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "bearer"}}
    check("websocket-api: the sub-protocol is accepted", ask("CONNECT", webSocketProtocol="bearer"), accepted)
    check("websocket-api: and none without one", ask("CONNECT"), {"statusCode": 200, "headers": {}})
    who = json.loads(ask("MESSAGE", webSocketProtocol="bearer")["body"])
    check("websocket-api: a message is answered", who, {"userId": "jane", "principalType": "user"})


def documented_deploys():
    """Each `sam deploy` of the documents has options of SAM's, and parameters of the template that it deploys."""
    known = {option for parameter in cli.get_command(click.Context(cli, obj=True), "deploy").params for option in parameter.opts}
    wrong, found = [], 0
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(EXAMPLES.rglob("*.md"))]:
        text = path.read_text().replace("\\\n", " ")
        for command in re.findall(r"^ *(?:\$ )?(sam deploy .*)$", text, re.MULTILINE):
            words = shlex.split(command)
            name = words[words.index("--template") + 1] if "--template" in words else "template.yaml"
            # This one lies in the folder of a release.
            name = {"template-arm64.yaml": "template.yaml"}.get(name, name)
            parameters = yaml_parse((ROOT / name).read_text())["Parameters"]
            given = words[words.index("--parameter-overrides") + 1 :] if "--parameter-overrides" in words else []
            names = set(CfnParameterOverridesType().convert(tuple(given), None, None)) if given else set()
            options = {word for word in words if word.startswith("--")}
            wrong += [(path.name, name, unknown) for unknown in (options - known) | (names - set(parameters))]
            found += 1
    check("documents: sam deploy", (wrong, found > 7), ([], True))
    stack_sets = re.findall(r"ParameterKey=(\w+)", (ROOT / "docs" / "across-accounts.md").read_text())
    parameters = yaml_parse((ROOT / "template-release.yaml").read_text())["Parameters"]
    check("documents: the parameters of StackSets", (len(stack_sets) > 3, set(stack_sets) - set(parameters)), (True, set()))


def main():
    resources, body, caching = rest("rest-api")
    kept("rest-api", resources, "if wanted")
    check("rest-api: no caching", caching, {"Smac": ("request", 0, None)})
    check("rest-api: preflight is open", security(body), {"get /": ["Smac"], "options /": []})
    check("rest-api: permission", allowed_authorizers(resources), ["AuthorizerArn"])

    resources, body, caching = rest("rest-api-cached")
    kept("rest-api-cached", resources, "if wanted")
    header = "method.request.header."
    check("rest-api-cached: keys", caching, {
        "Users": ("request", 300, f"{header}Authorization"),
        "Services": ("request", 300, f"{header}SMAC-Principal, {header}SMAC-Token"),
    })
    check("rest-api-cached: routes", security(body), {
        "get /users": ["Users"], "options /users": [], "get /services": ["Services"], "options /services": [],
    })
    check("rest-api-cached: permissions", allowed_authorizers(resources), ["ServicesAuthorizerArn", "UsersAuthorizerArn"])

    resources = expand("http-api")
    [api] = of_type(resources, "AWS::ApiGatewayV2::Api")
    authorizer = api["Body"]["components"]["securitySchemes"]["Smac"]["x-amazon-apigateway-authorizer"]
    found = [authorizer[key] for key in (
        "authorizerPayloadFormatVersion", "enableSimpleResponses", "authorizerResultTtlInSeconds", "identitySource",
    )]
    check("http-api: simple answers, no caching", found, ["2.0", True, 0, []])
    check("http-api: routes", security(api["Body"]), {"get /": ["Smac"]})
    check("http-api: permission", allowed_authorizers(resources), ["AuthorizerArn"])
    kept("http-api", resources, "always")

    resources = expand("websocket-api")
    kept("websocket-api", resources, "if wanted")
    [authorizer] = of_type(resources, "AWS::ApiGatewayV2::Authorizer")
    check("websocket-api: no key", authorizer.get("IdentitySource"), None)
    routes = {route["RouteKey"]: route.get("AuthorizationType") for route in of_type(resources, "AWS::ApiGatewayV2::Route")}
    check("websocket-api: routes", routes, {"$connect": "CUSTOM", "$default": None})
    check("websocket-api: permission", allowed_authorizers(resources), ["AuthorizerArn"])
    responses = {response["RouteId"]["Ref"] for response in of_type(resources, "AWS::ApiGatewayV2::RouteResponse")}
    check("websocket-api: route responses", responses, {"Connect", "Default"})
    web_socket_backend(yaml_parse((EXAMPLES / "websocket-api" / "template.yaml").read_text()))

    rules()
    documented_deploys()

    with (ROOT / "samconfig.example.toml").open("rb") as file:
        config = tomllib.load(file)
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    for name in ("default", "prod"):
        overrides = config[name]["deploy"]["parameters"]["parameter_overrides"]
        read = CfnParameterOverridesType().convert(overrides, None, None)
        check(f"samconfig.example.toml, {name}: parameters", (len(read), set(read) - set(parameters)), (len(overrides), set()))
    finish()


if __name__ == "__main__":
    main()
