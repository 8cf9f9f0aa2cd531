"""The OpenAPI documents of the examples: valid, complete, and with the same authorizers and gateway responses as SAM makes."""

import copy
import json

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from harness import ROOT, check, finish
from templates import expand, of_type

FOLDER = ROOT / "examples" / "openapi"
AUTHORIZER = "x-amazon-apigateway-authorizer"
RESPONSES = "x-amazon-apigateway-gateway-responses"
URI = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"


def problems(document):
    return [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()]


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def normal(part):
    """Without what a stack fills in: URIs and origins."""
    text = json.dumps(part, sort_keys=True)
    part = json.loads(text)
    part.get(AUTHORIZER, {}).pop("authorizerUri", None)
    return part


def origins(responses):
    """SAM's responses with the origin that the stack's parameter would give, and without its empty templates."""
    filled = json.loads(json.dumps(responses).replace(json.dumps({"Fn::Sub": "'${AllowedOrigin}'"}), json.dumps("'*'")))
    return {kind: {key: value for key, value in response.items() if value} for kind, response in filled.items()}


def whole(name, document):
    """Each operation has an integration, and a security scheme that is there, or is a preflight request."""
    schemes = document["components"]["securitySchemes"]
    for operation, body in operations(document):
        used = [scheme for entry in body.get("security", []) for scheme in entry]
        check(f"{name}: {operation}: its authorizer is there", (bool(used), set(used) - set(schemes)), (not operation.startswith("options"), set()))
        integration = body["x-amazon-apigateway-integration"]
        is_lambda = integration["type"] == "aws_proxy"
        check(f"{name}: {operation}: integration", integration.get("uri", URI).startswith(URI) and is_lambda == ("uri" in integration), True)
    for scheme, body in schemes.items():
        check(f"{name}: {scheme}: URI", body[AUTHORIZER]["authorizerUri"].startswith(URI), True)


def main():
    documents = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}
    check("documents", sorted(documents), ["http-api", "rest-api"])
    for name, document in documents.items():
        check(f"{name}: is OpenAPI 3.0", problems(document), [])
        whole(name, document)
        # So that a validator that says yes to everything is noticed.
        broken = copy.deepcopy(document)
        del broken["paths"]["/"]["get"]["responses"]
        check(f"{name}: and would not be without responses", len(problems(broken)) > 0, True)
        broken = copy.deepcopy(document)
        broken["components"]["securitySchemes"]["Smac"]["in"] = "body"
        check(f"{name}: nor with a key in the body", len(problems(broken)) > 0, True)

    rest = documents["rest-api"]
    schemes = rest["components"]["securitySchemes"]
    [api] = of_type(expand("rest-api"), "AWS::ApiGateway::RestApi")
    check("rest-api: REQUEST is as SAM makes it", normal(schemes["Smac"]), normal(api["Body"]["components"]["securitySchemes"]["Smac"]))
    made = origins(api["Body"][RESPONSES])
    check("rest-api: gateway responses are as SAM makes them", rest[RESPONSES], made)
    token = {"type": "token", "authorizerResultTtlInSeconds": 300}
    check("rest-api: TOKEN's key is its one header", (schemes["SmacToken"]["name"], normal(schemes["SmacToken"])[AUTHORIZER]), ("Authorization", token))

    [api] = of_type(expand("http-api"), "AWS::ApiGatewayV2::Api")
    http = documents["http-api"]["components"]["securitySchemes"]["Smac"]
    check("http-api: the authorizer is as SAM makes it", normal(http), normal(api["Body"]["components"]["securitySchemes"]["Smac"]))
    finish()


if __name__ == "__main__":
    main()
