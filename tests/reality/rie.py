"""The release binary under AWS's Lambda runtime emulator: every kind of event, every outcome.

usage: rie.py [--arm64] [BINARY]    With --arm64 the binary and the emulator are those for arm64, and run in qemu.
"""

import pathlib
import sys

from cost import LINE
from harness import BINARY, EMAIL, ROOT, SERVICE, Function, allow, check, deny, fault, finish, rendered, stand_ins


def error(function, event):
    return function.invoke(event).get("errorMessage")


def main():
    architecture = "arm64" if "--arm64" in sys.argv[1:] else "x86_64"
    given = [argument for argument in sys.argv[1:] if argument != "--arm64"]
    binary = pathlib.Path(given[0]).resolve() if given else BINARY
    environment = dict(line.split("=", 1) for line in stand_ins().read_text().splitlines())

    def run(**settings):
        more = {f"SMAC__AUTH__{name}": value for name, value in settings.items()}
        return Function({**environment, **more}, binary, architecture)

    function = run()
    for name, expected in [
        ("rest-request-id-token", allow(EMAIL)),
        ("rest-request-access-token", allow(EMAIL)),
        ("rest-request-automation", allow(SERVICE, "service")),
        ("rest-token", allow(EMAIL)),
        ("http-v1-access-token", allow(EMAIL)),
        ("websocket-query-token", allow(EMAIL)),
    ]:
        check(name, function.invoke(rendered(name)), expected)
    for name in ["http-v2-access-token", "http-v2-automation"]:
        answer = function.invoke(rendered(name))
        resource = ["arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/$default/*"]
        check(name, answer["policyDocument"]["Statement"][0]["Resource"], resource)
    for path in sorted((ROOT / "events").glob("refused-*.json")):
        check(path.stem, error(function, rendered(path.stem)), "Unauthorized")
    unsupported = fault("event_unsupported")
    check("no event", error(function, {}), unsupported)
    check("no object", error(function, [1]), unsupported)
    check("no JSON", error(function, b"not json"), unsupported)
    check("and the next call works", function.invoke(rendered("rest-token")), allow(EMAIL))
    lines = function.decisions()
    outcomes = {line["outcome"] for line in lines}
    check("one line per decision", (len(lines), outcomes), (18, {"allowed", "unauthorized", "fault"}))
    function.stop()

    function = run(PROVIDER_COGNITO__REQUIRED_GROUPS="nobody")
    check("forbidden", function.invoke(rendered("rest-request-id-token")), deny("group_missing"))
    function.stop()

    function = run(UNAUTHORIZED_AS="DENY")
    check("unauthorized as a Deny", function.invoke(rendered("refused-expired")), deny("token_expired"))
    function.stop()

    function = run(HTTP_API_RESPONSE="SIMPLE", UNAUTHORIZED_AS="DENY")
    simple = {"isAuthorized": True, "context": {"userId": EMAIL, "principalType": "user"}}
    check("a simple yes", function.invoke(rendered("http-v2-access-token")), simple)
    event = rendered("http-v2-access-token")
    event["headers"]["authorization"] = "Bearer x"
    event["identitySource"] = ["Bearer x"]
    simple = {"isAuthorized": False, "context": {"reason": "token_malformed"}}
    check("a simple no", function.invoke(event), simple)
    function.stop()

    function = run(JWT__WEBSOCKET_PROTOCOL="bearer")
    event = rendered("websocket-query-token")
    token = event.pop("queryStringParameters")["token"]
    del event["multiValueQueryStringParameters"]
    event["headers"]["Sec-WebSocket-Protocol"] = f"bearer, {token}"
    expected = allow(EMAIL)
    expected["context"]["webSocketProtocol"] = "bearer"
    check("a WebSocket's sub-protocol", function.invoke(event), expected)
    function.stop()

    # The sizes that docs/cost.md counts with. A function's name as a stack gives it; the emulator gives no trace, and Lambda does.
    name = {"AWS_LAMBDA_FUNCTION_NAME": "smac-authorizer-AuthorizerFunction-AbCdEfGhIjKl"}
    trace = len('"traceId":"1-5759e988-bd862e3fe1be46a994272793",')
    for metrics, expected in LINE.items():
        function = Function({**environment, **name, "SMAC__AUTH__METRICS": metrics}, binary, architecture)
        for _ in range(2):
            function.invoke(rendered("rest-request-id-token"))
        line = [line for line in function.log().splitlines() if '"outcome"' in line][-1]
        check(f"METRICS={metrics}: a line of {expected} bytes", "traceId" not in line and abs(len(line) + trace - expected) <= 20, True)
        function.stop()

    function = run(PROVIDER_COGNITO__CHECK_REVOKATION="true")
    check("a mistyped setting stops the start", function.invoke({}), {"httpStatus": 502})
    said = "did you mean SMAC__AUTH__PROVIDER_COGNITO__CHECK_REVOCATION?" in function.log()
    check("and the log says which", said, True)
    function.stop()
    finish()


main()
