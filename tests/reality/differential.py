"""The same tokens judged by the binary, by Powertools' JWTVerifier and by npm's jose. Whatever they differ about is in a class
below, with the reason; a difference of no class fails, as does a class that never occurs or that docs/reliability.md lacks.

usage: differential.py [BINARY [SEED]]; before it, npm ci --prefix tests/reality/oidc
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import time
import warnings

from aws_lambda_powertools.utilities.auth_alpha import JWTVerifier
from aws_lambda_powertools.utilities.auth_alpha.exceptions import AuthError

from corpus import LEEWAY, SLACK, Corpus
from harness import BINARY, ROOT, Function, bearer, check, finish
from tokens import ALGORITHMS, AUDIENCES, ISSUER, b64, unb64

POWERTOOLS, JOSE = "Powertools", "jose"
BOTH = (POWERTOOLS, JOSE)
ALLOWED = "allowed"



class Token:
    """What the classes look at: a token, read as leniently as Python can."""

    def __init__(self, text):
        self.segments = text.split(".")
        self.texts = [decoded(segment) for segment in self.segments[:2]]
        (self.header, in_header), (self.claims, in_claims) = [members(data) for data in [*self.texts, b""][:2]]
        self.has_a_name_twice = in_header or in_claims

    def has(self, pattern):
        return any(re.search(pattern, data) for data in self.texts)

    def is_loose(self):
        return any(b64(decoded(segment)) != segment for segment in self.segments)

    def is_machine(self):
        sub, client, gty, idtyp = map(self.claims.get, ("sub", "client_id", "gty", "idtyp"))
        return sub == client or gty == "client-credentials" or idtyp == "app"

    def has_odd_audience(self):
        return any(not isinstance(audience, str) for audience in self.claims["aud"])

    def has_odd_times(self):
        times = [self.claims[name] for name in ("exp", "nbf", "iat") if name in self.claims]
        return any(type(time) is not int or not 0 <= time < 2**64 for time in times)

    def has_user_id(self):
        sub = self.claims["sub"]
        if not isinstance(sub, str) or re.search(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]", sub):
            return False
        return 0 < len(sub.encode()) <= 512


def decoded(segment):
    try:
        return unb64(segment.rstrip("="))
    except ValueError:
        return b""


def members(data):
    """An object's members, and whether it has one name twice at its top level."""

    class Pairs(list):
        pass

    # Deeper than Python can follow.
    data = re.sub(rb"\[{900,}\]+", b"[]", data)
    try:
        # -0 is a float: it is not digits alone.
        pairs = json.loads(data, object_pairs_hook=Pairs, parse_int=lambda text: float(text) if text == "-0" else int(text))
    except (ValueError, RecursionError):
        return {}, False
    return (dict(pairs), len(dict(pairs)) < len(pairs)) if isinstance(pairs, Pairs) else ({}, False)


# Who decides otherwise, what the binary says then, of which tokens, and why.
Class = collections.namedtuple("Class", "name who says of why")

CLASSES = [
    Class("loose base64url", BOTH, {"token_malformed"}, Token.is_loose,
          "padding, spaces and stray bits give one token many spellings, which a list of revoked ones would miss"),
    Class("one name twice", BOTH, {"token_malformed"}, lambda token: token.has_a_name_twice,
          "readers differ in which of the two counts"),
    Class("another encoding", [POWERTOOLS], {"token_malformed"}, lambda token: token.has(rb"\0|\xed[\xa0-\xbf]"),
          "JSON is UTF-8 (RFC 8259); Python recognizes UTF-16 and UTF-32 too, and reads encoded surrogates"),
    Class("a byte-order mark", BOTH, {"token_malformed"}, lambda token: token.has(rb"^\xef\xbb\xbf"),
          "editors put it before a file; before the parts of a token it would be a second spelling"),
    Class("times that are not whole", BOTH, {"token_malformed"}, Token.has_odd_times,
          "times are digits alone, from 0 to 2^64 - 1, so nothing is rounded"),
    Class("odd entries of `aud`", [JOSE], {"audience_not_allowed"}, Token.has_odd_audience,
          "a list is of strings alone (RFC 7519); jose looks for one that matches"),
    Class("issued in the future", [JOSE], {"token_not_yet_valid"}, lambda token: token.claims["iat"] > time.time(),
          "jose compares `iat` only where a maximum age is set"),
    Class("bound to a key", BOTH, {"sender_constraint_unmet"}, lambda token: "cnf" in token.claims,
          "nobody here asks for the proof, so a stolen token would serve"),
    Class("no user id", BOTH, {"user_id_missing", "user_id_invalid"}, lambda token: not token.has_user_id(),
          "a `sub` that is empty, too long or not printable is not a user; jose accepts any type"),
    Class("machines", BOTH, {"user_id_missing"}, Token.is_machine,
          "the others do not tell machines from users"),
    Class("a small key", [POWERTOOLS], {"key_unknown"}, lambda token: token.header["kid"] == "small",
          "RSA keys have at least 2048 bits (RFC 7518); PyJWT only warns"),
    Class("spellings of `typ`", [POWERTOOLS], {ALLOWED}, lambda token: token.header["typ"] != "at+jwt",
          "case does not count, and `application/` is optional (RFC 7515); Powertools compares strings"),
    Class("one id, keys of several types", [POWERTOOLS], {ALLOWED}, lambda token: token.header["kid"] == "every",
          "the key that fits the algorithm serves; Powertools wants one key for each id"),
    Class("one id, two keys of a type", BOTH, {ALLOWED}, lambda token: token.header["kid"].endswith("-same"),
          "the first serves; the others want one key for each id"),
    Class("`Ed25519`", BOTH, {ALLOWED}, lambda token: token.header["alg"] == "Ed25519",
          "the name of RFC 9864 for what `EdDSA` is with this curve; the others have it as another algorithm or not at all"),
    Class("`b64` without `crit`", [POWERTOOLS], {ALLOWED}, lambda token: token.header["b64"] is False,
          "it means something only with `crit` (RFC 7797), which is refused; alone it is an unknown member"),
    Class("deep nesting", [POWERTOOLS], {ALLOWED}, lambda token: token.has(rb"\[{900}"),
          "only the claims that count are read; Python reads all, down to some 1,000 levels"),
    Class("`jti` of another type", [POWERTOOLS], {ALLOWED}, lambda token: not isinstance(token.claims["jti"], str),
          "nothing here looks at `jti`"),
]


def ours(corpus, binary):
    """`allowed`, or the reason, from one process."""
    issuer = {
        "ISSUER": ISSUER,
        "AUDIENCE": json.dumps(AUDIENCES),
        "ALGORITHMS": json.dumps(ALGORITHMS),
        "TOKEN_TYPE": "AT_JWT",
        "JWKS": json.dumps(corpus.key_set),
    }
    settings = {f"PROVIDER_OIDC__ISSUERS__ISSUER__{name}": value for name, value in issuer.items()}
    settings |= {"PROVIDER": "OIDC", "UNAUTHORIZED_AS": "DENY", "JWT__LEEWAY_SECONDS": str(LEEWAY)}
    function = Function({f"SMAC__AUTH__{name}": value for name, value in settings.items()}, binary)

    def verdict(answer):
        if "errorMessage" in answer:
            return answer["errorMessage"]
        effect = answer["policyDocument"]["Statement"][0]["Effect"]
        return ALLOWED if effect == "Allow" else answer["context"]["reason"]

    verdicts = [verdict(function.invoke(bearer(case.token))) for case in corpus.cases]
    function.stop()
    return verdicts


def powertools(corpus):
    verifier = JWTVerifier(
        issuer=ISSUER,
        audience=AUDIENCES,
        algorithms=ALGORITHMS,
        jwks=corpus.key_set,
        required_claims=["sub"],
        expected_headers={"typ": "at+jwt"},
        clock_skew_seconds=LEEWAY,
    )

    def verdict(token):
        try:
            verifier.verify(token)
        except AuthError as error:
            return type(error).__name__
        return ALLOWED

    # PyJWT's, about the small key.
    warnings.simplefilter("ignore")
    return [verdict(case.token) for case in corpus.cases]


def jose(corpus):
    options = {"keys": corpus.key_set, "issuer": ISSUER, "audience": AUDIENCES, "algorithms": ALGORITHMS, "leeway": LEEWAY}
    question = json.dumps({**options, "tokens": [case.token for case in corpus.cases]})
    command = ["node", str(ROOT / "tests/reality/oidc/judge.mjs")]
    answer = subprocess.run(command, input=question, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [ALLOWED if code is None else code for code in json.loads(answer)]


def class_of(who, said, token):
    def holds(this):
        try:
            return this.of(token)
        except (KeyError, TypeError, AttributeError):
            return False

    return next((this.name for this in CLASSES if who in this.who and said in this.says and holds(this)), None)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BINARY
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    now = int(time.time())
    corpus = Corpus(seed, now)
    verdicts = ours(corpus, binary)
    theirs = {POWERTOOLS: powertools(corpus), JOSE: jose(corpus)}

    found, unexplained = collections.Counter(), []
    for who in BOTH:
        for case, said, other in zip(corpus.cases, verdicts, theirs[who]):
            if (said == ALLOWED) != (other == ALLOWED):
                name = class_of(who, said, Token(case.token))
                found[name, who] += 1
                if name is None:
                    unexplained.append(f"{case.name} ({case.algorithm}): {said}, {who}: {other}")

    docs = (ROOT / "docs/reliability.md").read_text()
    print(f"seed {seed}: {len(corpus.cases)} tokens, {verdicts.count(ALLOWED)} allowed")
    for this in CLASSES:
        for who in this.who:
            print(f"    {found[this.name, who]:4} {this.name}, {who}")
    check("every difference is explained", unexplained, [])
    unseen = [(this.name, who) for this in CLASSES for who in this.who if not found[this.name, who]]
    check("every class occurs", unseen, [])
    check("the documentation has every class", [this.name for this in CLASSES if f"| {this.name} |" not in docs], [])
    for case, *all_three in zip(corpus.cases, verdicts, *theirs.values()):
        if case.name == "valid" and set(all_three) != {ALLOWED}:
            check(f"a valid {case.algorithm} is allowed by all", all_three, [ALLOWED] * 3)
        if case.name.startswith("forgeries") and ALLOWED in all_three:
            check(f"a forged {case.algorithm} is refused by all", all_three, "three refusals")
    check("none is a fault", [said for said in verdicts if " " in said], [])
    check("the run was short enough for tokens near their limits", time.time() - now < SLACK, True)
    finish()


main()
