"""The binary against npm's oidc-provider: a real issuer with discovery, at+jwt tokens in five algorithms, new keys, an outage.

usage: oidc_provider.py [BINARY]; before it, npm ci --prefix tests/reality/oidc
"""

import base64
import json
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from harness import BINARY, ROOT, Function, allow, bearer, check, deny, fault, finish, free_port, start, stop

CLIENT, SECRET = "batch", "a-secret"
AUDIENCE = "https://pets.example.com"
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]


class Issuer:
    """One that runs; each start makes new keys."""

    def __init__(self, url=None):
        self.port = free_port()
        self.url = url or f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        command = ["node", str(ROOT / "tests/reality/oidc/issuer.mjs"), str(self.port), self.url]
        self.process = start(command, port=self.port)

    def stop(self):
        stop(self.process)

    def token(self, algorithm, audience=AUDIENCE, **headers):
        fields = {"grant_type": "client_credentials", "scope": "read", "resource": f"{audience}?{algorithm}"}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        url = f"http://127.0.0.1:{self.port}/token"
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(url, body, {"Authorization": f"Basic {basic}", **headers})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["access_token"]

    def bound_token(self, algorithm):
        """One that is bound to a key (RFC 9449)."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        # Where the proof is for, as the issuer names itself.
        claims = {"jti": "1", "htm": "POST", "htu": f"http://127.0.0.1:{self.port}/token", "iat": int(time.time())}
        proof = jwt.encode(claims, key, "ES256", {"typ": "dpop+jwt", "jwk": public})
        return self.token(algorithm, DPoP=proof)

    def settings(self, name, **settings):
        settings = {"ISSUER": self.url, "AUDIENCE": AUDIENCE, "TOKEN_TYPE": "AT_JWT", **settings}
        return {f"SMAC__AUTH__PROVIDER_OIDC__ISSUERS__{name}__{key}": value for key, value in settings.items()}


def main():
    binary = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BINARY

    def run(*issuers, **settings):
        # Refusals are answers with their reason.
        settings = {"PROVIDER": "OIDC", "UNAUTHORIZED_AS": "DENY", **settings}
        environment = {f"SMAC__AUTH__{name}": value for name, value in settings.items()}
        for issuer in issuers:
            environment |= issuer
        return Function(environment, binary)

    def lookups(function):
        return function.decisions()[-1].get("lookups")

    service = allow(CLIENT, "service")
    wide, narrow = Issuer(), Issuer()
    all_of_them = {"ALGORITHMS": ",".join(ALGORITHMS), "ALLOW_MACHINE_TOKENS": "true"}
    ours = wide.settings("WIDE", **all_of_them)
    tokens = {algorithm: wide.token(algorithm) for algorithm in ALGORITHMS}

    function = run(ours, narrow.settings("NARROW", ALLOW_MACHINE_TOKENS="true", USER_ID_PREFIX="narrow:"))
    for algorithm, token in tokens.items():
        check(f"{algorithm} is allowed", function.invoke(bearer(token)), service)
    check("the log names the issuer", function.decisions()[-1]["issuer"], "WIDE")
    answer = function.invoke(bearer(narrow.token("RS256")))
    check("the other issuer's own algorithm", answer, allow(f"narrow:{CLIENT}", "service"))
    answer = function.invoke(bearer(narrow.token("ES256")))
    check("an algorithm that only the other issuer may use", answer, deny("algorithm_not_allowed"))
    answer = function.invoke(bearer(wide.token("ES256", audience="https://cars.example.com")))
    check("another audience", answer, deny("audience_not_allowed"))
    answer = function.invoke(bearer(wide.bound_token("ES256")))
    check("a token that is bound to a key", answer, deny("sender_constraint_unmet"))
    stranger = Issuer()
    check("an issuer that is not configured", function.invoke(bearer(stranger.token("RS256"))), deny("issuer_unknown"))
    stranger.stop()
    narrow.stop()

    wide.stop()
    wide.start()
    check("new keys: a new token", function.invoke(bearer(wide.token("ES256"))), service)
    check("its key was fetched, without a new discovery", lookups(function), {"keySet": "fetched", "discovery": "fresh"})
    check("new keys: an old token", function.invoke(bearer(tokens["ES256"])), deny("key_unknown"))
    function.stop()

    function = run(wide.settings("WIDE"))
    check("a client where users are expected", function.invoke(bearer(wide.token("RS256"))), deny("user_id_missing"))
    function.stop()
    function = run(wide.settings("WIDE", PRINCIPAL_TYPE="SERVICE", USER_ID_PREFIX="batch:"))
    answer = function.invoke(bearer(wide.token("RS256")))
    check("an issuer of services", answer, allow(f"batch:{CLIENT}", "service"))
    function.stop()

    # Keys that are fresh for a second at most.
    function = run(ours, JWT__KEY_SET_TTL_SECONDS="1")
    token = wide.token("EdDSA")
    check("while the issuer runs", function.invoke(bearer(token)), service)
    wide.stop()
    time.sleep(1.5)
    check("while it is down: a known key", function.invoke(bearer(token)), service)
    check("it is an old one", lookups(function)["keySet"], "stale")
    # A twin has the name and other keys.
    twin = Issuer(wide.url)
    answer = function.invoke(bearer(twin.token("EdDSA")))
    check("while it is down: an unknown key", answer.get("errorMessage"), fault("jwks_unavailable"))
    function.stop()

    function = run(ours)
    answer = function.invoke(bearer(token))
    check("a start while it is down", answer.get("errorMessage"), fault("discovery_unavailable"))
    wide.start()
    time.sleep(2.5)
    check("it is up again", function.invoke(bearer(wide.token("EdDSA"))), service)
    function.stop()

    # The discovery document of an issuer with another name.
    twin.stop()
    twin = Issuer("http://localhost:1")
    discovery = f"http://127.0.0.1:{twin.port}/.well-known/openid-configuration"
    function = run(wide.settings("WIDE", DISCOVERY_URL=discovery, ALLOW_MACHINE_TOKENS="true"))
    answer = function.invoke(bearer(wide.token("RS256")))
    check("another issuer's discovery", answer.get("errorMessage"), fault("discovery_unavailable"))
    function.stop()
    finish()


main()
