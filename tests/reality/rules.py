"""The access rules of the function against Cedar's own implementations: PyPI's cedarpy and npm's cedar-wasm get the same random
policies and questions. What they are asked is made here from claims and routes, independently of the function.

usage: rules.py [BINARY [SEED]]; before it, npm ci --prefix tests/reality/cedar
"""

import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import cedarpy

from harness import BINARY, ROOT, Function, check, finish
from tokens import AUDIENCES, ISSUER, b64, jwk, new_keys, sign, to_json

SETS, QUESTIONS = 100, 100
# What each kind of outcome must be at least, so that no kind is left out.
SHARE = 0.03
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod"
API, STAGE, ADDRESSES = "abcdef1234", "prod", ["203.0.113.7", "198.51.100.1", "2001:db8::1"]

ROUTES = [
    *["get /pets", "post /pets", "get /pets/{id}", "put /pets/{id}", "delete /pets/{id}", "get /pets/{id}/toys"],
    *["get /pets/mine", "get /orders", "post /orders/{order}/items/{item}", "get /files/{path+}", "get /"],
]
GROUPS, USERS, TENANTS = ["staff", "managers", "x y", "g|h"], ["jane", "joe", "ISSUER|jane"], ["acme", "umbrella", ""]
SCOPES = ["pets/read", "pets/write", "openid"]


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def condition(rng, depth=0):
    """A condition that may be true, false or an error."""
    simple = [
        lambda: f"principal.tenant == {quoted(rng.choice(TENANTS))}",
        lambda: "principal has tenant",
        lambda: f"principal has level && principal.level {rng.choice(['<', '<=', '>', '==', '!='])} {rng.randrange(-2, 4)}",
        lambda: f"principal.level + {rng.choice([1, 2**62])} > {rng.randrange(4)}",
        lambda: f"principal.roles.contains({quoted(rng.choice(GROUPS))})",
        lambda: f"principal has roles && principal.roles.containsAny([{quoted(rng.choice(GROUPS))}, \"none\"])",
        lambda: "principal has address.city && principal.address.city like \"B*n\"",
        lambda: "principal.verified",
        lambda: f"principal.userId == {quoted(rng.choice(USERS))}",
        lambda: f"principal in UserGroup::{quoted('ISSUER|' + rng.choice(GROUPS))}",
        lambda: "principal has ratio",
        lambda: "principal has nothing",
        lambda: f"context has token && context.token.scope.contains({quoted(rng.choice(SCOPES))})",
        lambda: f"context.token.scope.containsAll([{quoted(rng.choice(SCOPES))}])",
        lambda: "context has pathParameters && context.pathParameters has id && context.pathParameters.id == principal.pet",
        lambda: "context.pathParameters.id == \"42\"",
        lambda: "context has queryStringParameters && context.queryStringParameters has kind",
        lambda: "context.queryStringParameters.kind == \"cat\"",
        lambda: "context.request.sourceIp.isInRange(ip(\"203.0.113.0/24\"))",
        lambda: "context.request.sourceIp.isIpv6()",
        lambda: f"context.request.stage == {quoted(rng.choice([STAGE, 'test']))}",
        lambda: f"context.request.kind == {quoted(rng.choice(['rest-request', 'http-v2']))}",
        lambda: f"resource == Application::{quoted(rng.choice([API, 'other']))}",
        lambda: f"action == Action::{quoted(rng.choice(ROUTES))} || true",
    ]
    if depth < 2 and rng.random() < 0.4:
        one, other = condition(rng, depth + 1), condition(rng, depth + 1)
        return rng.choice([f"({one}) && ({other})", f"({one}) || ({other})", f"!({one})",
                           f"if {one} then {other} else true"])
    return rng.choice(simple[:-1])()


def policy(rng, routes, name):
    principal = rng.choice([
        "principal", "principal", "principal is User", "principal is Service",
        f"principal == User::{quoted('ISSUER|' + rng.choice(USERS))}",
        f"principal in UserGroup::{quoted('ISSUER|' + rng.choice(GROUPS))}",
        f"principal is User in UserGroup::{quoted('OTHER|' + rng.choice(GROUPS))}",
    ])
    some = [f"Action::{quoted(route)}" for route in rng.sample(routes, rng.randrange(1, len(routes) + 1))]
    action = rng.choice(["action", f"action == {some[0]}", f"action in [{', '.join(some)}]"])
    clauses = "".join(f" {rng.choice(['when', 'when', 'unless'])} {{ {condition(rng)} }}"
                      for _ in range(rng.choice([0, 1, 1, 2])))
    effect = rng.choice(["permit", "permit", "forbid"])
    annotation = f"@id({quoted(name)})\n" if name else ""
    return f"{annotation}{effect} ({principal}, {action}, resource){clauses};"


class Rules:
    """A set of policies and its routes."""

    def __init__(self, rng):
        self.routes = rng.sample(ROUTES, rng.randrange(3, len(ROUTES)))
        names = [rng.choice([None, f"policy-{index}", f"{index} é"]) for index in range(rng.randrange(1, 9))]
        self.texts = [policy(rng, self.routes, name) for name in names]
        self.names = [name or f"rules.cedar#{index}" for index, name in enumerate(names)]

    def list(self):
        paths = collections.defaultdict(dict)
        for route in self.routes:
            verb, path = route.split(" ")
            paths[path][verb] = {}
        return {"openapi": "3.0.1", "paths": paths}

    def forbids(self, name):
        return re.search(r"^forbid", self.texts[self.names.index(name)], re.MULTILINE) is not None


class Question:
    """Who asks for what: the claims of a token, and a request."""

    def __init__(self, rng, routes):
        self.subject = rng.choice(USERS)
        self.groups = rng.sample(GROUPS, rng.choice([0, 0, 1, 2]))
        maybe = {
            "tenant": rng.choice(TENANTS), "level": rng.choice([-1, 0, 1, 2, 2**62, 2**63]), "verified": rng.random() < 0.5,
            "roles": rng.choice([rng.sample(GROUPS, 2), [], "staff", ["staff", 1, None, 0.5]]), "pet": rng.choice(["42", "7"]),
            "address": rng.choice([{"city": "Bonn"}, {"city": "Ulm", "no": None}, {}]), "ratio": 0.5, "nothing": None,
            "userId": "somebody else",
        }
        self.claims = {name: value for name, value in maybe.items() if rng.random() < 0.6}
        self.claims |= {"groups": self.groups} if self.groups else {}
        self.is_access = rng.random() < 0.4
        if self.is_access:
            self.claims["scope"] = " ".join(rng.sample(SCOPES, rng.randrange(3)))
        now = int(time.time())
        self.claims |= {"iss": ISSUER, "sub": self.subject, "aud": AUDIENCES[0], "exp": now + 3600, "iat": now - 60}
        self.route = rng.choice(routes)
        self.path = {name: rng.choice(["42", "7", "a%2Fb"]) for name in re.findall(r"\{(\w+)\+?\}", self.route)}
        self.query = {name: rng.choice(["cat", "dog", ""]) for name in ("kind", "limit") if rng.random() < 0.4}
        self.address = rng.choice([*ADDRESSES, None])

    def event(self, key):
        head = b64(to_json({"alg": "ES256", "kid": "p256", "typ": "JWT"}))
        signed = f"{head}.{b64(json.dumps(self.claims))}"
        token = f"{signed}.{b64(sign('ES256', key, signed.encode()))}"
        verb, route = self.route.split(" ")
        path = re.sub(r"\{(\w+)\+?\}", lambda name: self.path[name[1]], route)
        return {
            "type": "REQUEST", "methodArn": f"{ARN}/{verb.upper()}{path}", "resource": route, "path": path,
            "httpMethod": verb.upper(), "headers": {"Authorization": f"Bearer {token}"},
            "pathParameters": self.path or None, "queryStringParameters": self.query or None,
            "requestContext": {"resourcePath": route, "httpMethod": verb.upper(), "identity": {"sourceIp": self.address}},
        }

    def asked(self):
        """The same as Cedar is asked."""
        def uid(kind, name):
            return {"type": kind, "id": name}

        user = uid("User", f"ISSUER|{self.subject}")
        attributes = {} if self.is_access else cedar_value(self.claims)
        entity = {
            "uid": user, "attrs": {**attributes, "userId": self.subject},
            "parents": [uid("UserGroup", f"ISSUER|{group}") for group in self.groups],
        }
        request = {"stage": STAGE, "api": API, "kind": "rest-request"}
        if self.address:
            request["sourceIp"] = {"__extn": {"fn": "ip", "arg": self.address}}
        context = {"request": request}
        if self.is_access:
            context["token"] = {**cedar_value(self.claims), "scope": self.claims["scope"].split()}
        for name, values in (("pathParameters", self.path), ("queryStringParameters", self.query)):
            context |= {name: values} if values else {}
        return {"principal": user, "action": uid("Action", self.route), "resource": uid("Application", API),
                "context": context, "entities": [entity]}


LEFT_OUT = object()


def cedar_value(value):
    """What Cedar has a value for: no null, and of numbers the whole ones of 64 bits."""
    if isinstance(value, dict):
        members = {name: cedar_value(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not LEFT_OUT}
    if isinstance(value, list):
        return [member for member in map(cedar_value, value) if member is not LEFT_OUT]
    if isinstance(value, (str, bool)):
        return value
    return value if isinstance(value, int) and -2**63 <= value < 2**63 else LEFT_OUT


def by_function(rules, questions, key, binary, folder):
    """The reason, or `allowed`, with the policies that decided and that failed."""
    (folder / "rules.cedar").write_text("\n".join(rules.texts))
    (folder / "routes.json").write_text(json.dumps(rules.list()))
    settings = {
        "PROVIDER": "OIDC", "POLICY__SCOPE": "METHOD",
        "PROVIDER_OIDC__ISSUERS__ISSUER__ISSUER": ISSUER, "PROVIDER_OIDC__ISSUERS__ISSUER__AUDIENCE": json.dumps(AUDIENCES),
        "PROVIDER_OIDC__ISSUERS__ISSUER__ALGORITHMS": "ES256",
        "PROVIDER_OIDC__ISSUERS__ISSUER__JWKS": json.dumps({"keys": [jwk(key, kid="p256")]}),
        "RULES__POLICIES": str(folder / "rules.cedar"), "RULES__ROUTES": str(folder / "routes.json"),
    }
    function = Function({f"SMAC__AUTH__{name}": value for name, value in settings.items()}, binary)
    answers = [function.invoke(question.event(key)) for question in questions]
    lines = function.decisions()
    function.stop()
    if len(lines) != len(questions):
        sys.exit(f"{len(lines)} decisions about {len(questions)} questions:\n{function.log()[-2000:]}")
    found = []
    for answer, line in zip(answers, lines):
        [statement] = answer["policyDocument"]["Statement"]
        told = "allowed" if statement["Effect"] == "Allow" else answer["context"]["reason"]
        found.append((told, sorted(line["rules"]["policies"]), sorted(line["rules"]["errors"])))
    return found


def by_cedarpy(texts, names, asked):
    def entity(uid):
        return f"{uid['type']}::{quoted(uid['id'])}"

    found = []
    for question in asked:
        request = {name: entity(question[name]) for name in ("principal", "action", "resource")}
        answer = cedarpy.is_authorized({**request, "context": question["context"]}, "\n".join(texts), question["entities"])

        def named(id):
            return names[int(id.removeprefix("policy"))]

        errors = [named(re.search(r"policy `(policy\d+)`", error)[1]) for error in answer.diagnostics.errors]
        found.append([answer.decision == cedarpy.Decision.Allow, sorted(map(named, answer.diagnostics.reasons)), sorted(errors)])
    return found


def by_wasm(sets):
    lines = [json.dumps({"policies": dict(zip(names, texts)), "questions": asked}) for texts, names, asked in sets]
    script = ROOT / "tests/reality/cedar/decide.mjs"
    run = subprocess.run(["node", script], input="\n".join(lines), capture_output=True, text=True, check=True)
    return [[[allowed, sorted(reasons), sorted(errors)] for allowed, reasons, errors in json.loads(line)]
            for line in run.stdout.splitlines()]


def expected(rules, decision):
    """What the function should say where Cedar says this. Stricter is one thing: a forbid that fails denies."""
    is_allowed, reasons, errors = decision
    if not is_allowed and reasons:
        return ("rule_forbids", reasons, errors)
    if any(rules.forbids(name) for name in errors):
        return ("rule_error", [], errors)
    return ("allowed" if is_allowed else "rule_missing", reasons, errors)


def differences(all_rules, ours, theirs):
    pairs = [(rules, one, other) for rules, found, decided in zip(all_rules, ours, theirs) for one, other in zip(found, decided)]
    return [(one, expected(rules, other)) for rules, one, other in pairs if one != expected(rules, other)]


def main():
    binary = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else BINARY
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261127
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    key = new_keys(rng)["p256"][0]
    all_rules = [Rules(rng) for _ in range(SETS)]
    questions = [[Question(rng, rules.routes) for _ in range(QUESTIONS)] for rules in all_rules]
    asked = [[question.asked() for question in group] for group in questions]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours = [by_function(rules, group, key, binary, folder) for rules, group in zip(all_rules, questions)]

    def cedarpy_of(change=lambda texts: texts):
        return [by_cedarpy(change(rules.texts), rules.names, group) for rules, group in zip(all_rules, asked)]

    def wasm_of(change=lambda texts: texts):
        return by_wasm([(change(rules.texts), rules.names, group) for rules, group in zip(all_rules, asked)])

    check("questions", sum(map(len, ours)), SETS * QUESTIONS)
    for name, of in (("cedarpy", cedarpy_of), ("cedar-wasm", wasm_of)):
        found = differences(all_rules, ours, of())
        check(f"{name} decides the same, by the same policies", found[:3], [])

        # A test that can't fail proves nothing: with one policy changed it must.
        def planted(texts):
            return [re.sub(r"^(permit|forbid)", lambda it: "forbid" if it[1] == "permit" else "permit", texts[0], flags=re.MULTILINE),
                    *texts[1:]]

        check(f"{name}: a planted difference is found", len(differences(all_rules, ours, of(planted))) > SETS, True)
    outcomes = collections.Counter(told for group in ours for told, _, _ in group)
    print("        " + ", ".join(f"{count} {told}" for told, count in sorted(outcomes.items())))
    for told in ("allowed", "rule_forbids", "rule_error", "rule_missing"):
        check(f"{told} is no rarity", outcomes[told] >= SHARE * SETS * QUESTIONS, True)
    check("and nothing else is said", len(outcomes), 4)
    finish()


if __name__ == "__main__":
    main()
