"""The tokens of differential.py. For each of five algorithms: valid ones, every mutation below, random edits of one character,
and random pairs of mutations."""

import collections
import json
import random
import string

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tokens import ALGORITHMS, AUDIENCES, HASHES, ISSUER, SHARED_SECRET, Draft, Raw
from tokens import b64, fixed, jwk, key_set, kind_of, new_keys, sign, sign_ecdsa, sign_pss, to_json, unb64

LEEWAY = 300
# How far within or beyond the leeway a time is, and so how long a run may take.
SLACK = 150

ABSENT = object()
STRANGE = "https://stranger.example.com/"
# The orders of the groups (FIPS 186-5, RFC 8032).
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "EdDSA": 2**252 + 27742317777372353535851937790883648493,
}

Case = collections.namedtuple("Case", "name algorithm token")

DEEP = [Raw("[" * depth + "]" * depth) for depth in (20, 100, 200, 50_000)]
ODD = [*DEEP, "x" * 5000, Raw('{"a":1,"a":2}'), Raw('1,"more":2')]


def header_values(own, kind, stranger):
    """What each member of the header may be instead."""
    kinds = [other for other in ("rsa", "p256", "p384", "ed") if other != kind]
    own_kinds = [f"{kind}-{suffix}" for suffix in ("tied", "other", "enc", "sign", "same")]
    return {
        "alg": [
            *[ABSENT, None, 5, "", [own], own.lower(), f"{own} ", Raw(f'"none","alg":"{own}"'), "none", "None", "NONE"],
            *["HS256", "RS1", "RS384", "ES512", "ES256K", "Ed25519", "Ed448", "dir", "RSA-OAEP"],
            *[other for other in ALGORITHMS if other != own],
        ],
        "kid": [
            *[ABSENT, None, 7, "", [kind], kind.upper(), f" {kind}", Raw(f'"unknown","kid":"{kind}"')],
            *["unknown", "../../dev/null", "every", "oct", "small", "p521", "p256-off", *kinds, *own_kinds],
        ],
        "typ": [
            *[ABSENT, None, 1, "", ["at+jwt"], "JWT", "jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT", " at+jwt"],
            *["at+jwt;v=1", "x/at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt"],
        ],
        "crit": [None, [], {}, "exp", ["exp"], ["b64"], ["b64", "b64"], [1], [""]],
        "b64": [True, False, None, "false"],
        "jwk": [jwk(stranger)],
        "jku": [STRANGE],
        "x5u": [STRANGE],
        "x5c": [["AAAA"]],
        "x5t": ["AAAA"],
        "cty": ["JWT"],
        "zip": ["DEF"],
        "enc": ["A256GCM"],
        "epk": [{}],
        "p2c": [10**9],
        "iss": [STRANGE],
        "exp": [1],
        "more": ODD,
    }


def claim_values(now):
    """What each claim may be instead."""
    times = [
        *[None, "", str(now + 3600), True, [now], {}, 0, -1, 1.5, now + 0.5, Raw(f"{now}.0"), Raw("0.0")],
        *[Raw("-0"), Raw("01"), Raw("1e10"), Raw("1E+400"), Raw("NaN"), Raw("Infinity"), Raw("-Infinity")],
        *[2**53 + 1, 2**63, 2**64 - 1, 2**64, 10**30],
    ]
    ahead = [now + LEEWAY - SLACK, now + LEEWAY + SLACK, now + 86400]
    return {
        "iss": [
            *[ABSENT, None, 1, "", [ISSUER], ISSUER.rstrip("/"), ISSUER.upper(), f"{ISSUER} ", f"{ISSUER}/", STRANGE],
            Raw(f'"{STRANGE}","iss":"{ISSUER}"'),
        ],
        "aud": [
            *[ABSENT, None, True, 1, "", [], {}, "pets", "PETS", "other", "other pets", f"{AUDIENCES[0]}/", AUDIENCES],
            *[["pets"], ["other"], ["other", "pets"], [["pets"]], {"pets": 1}, ["pets", 1], ["pets", None], ["pets", ""]],
            Raw('"other","aud":"pets"'),
        ],
        "exp": [ABSENT, *times, now - 1, now - LEEWAY + SLACK, now - LEEWAY - SLACK, Raw(f'1,"exp":{now + 3600}')],
        "nbf": [*times, now - 1, *ahead],
        "iat": [ABSENT, *times, now - 1, *ahead],
        "sub": [
            *[ABSENT, None, 1, True, "", [], ["a"], {}, " ", "é", "\0", "a\nb", "x" * 512, "x" * 513, "app", Raw('"\\ud800"')],
            *[Raw('"root","sub":"user"'), Raw('"root","\\u0073ub":"user"')],
        ],
        "cnf": [None, {}, "x", {"jkt": "x"}, {"x5t#S256": "x"}],
        "client_id": [ABSENT, None, 1, "", ["app"]],
        "azp": ["other"],
        "scope": [None, 1, "read", ["read"]],
        "jti": [ABSENT, None, 1],
        "gty": ["client-credentials"],
        "idtyp": ["app", "user"],
        "more": [*ODD, "\U0001f984", "\0", Raw('"\\ud800"'), Raw('"\x01"'), Raw("1e999"), Raw("-1e999"), 10**30],
    }


def texts(written):
    """JSON in other forms, and what is not JSON."""
    data = written.encode()
    return {
        "a byte-order mark": b"\xef\xbb\xbf" + data,
        "UTF-16": written.encode("utf-16"),
        "UTF-16 without a mark": written.encode("utf-16-le"),
        "UTF-32": written.encode("utf-32"),
        "a byte that is not UTF-8": data[:-1] + b',"more":"\xff"}',
        "an overlong character": data[:-1] + b',"more":"\xc0\xaf"}',
        "a surrogate in UTF-8": data[:-1] + b',"more":"\xed\xa0\x80"}',
        "spaces around": b" \n" + data + b"\r\n\t",
        "a vertical tab": b"\x0b" + data,
        "a NUL behind": data + b"\0",
        "garbage behind": data + b"x",
        "another object behind": data + data,
        "a comma too many": data[:-1] + b",}",
        "a comment": data + b"/**/",
        "single quotes": data.replace(b'"', b"'"),
        "cut short": data[:-1],
        "an array": b"[" + data + b"]",
        "an array of values": json.dumps(list(json.loads(written).values())).encode(),
        "a string": json.dumps(written).encode(),
        "a number": b"1",
        "null": b"null",
        "an empty object": b"{}",
        "nothing": b"",
    }


def loose(segment):
    """The same bytes with a stray trailing bit, if the length leaves one."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) ^ 1] if len(segment) % 4 else segment


def padded(segment):
    return segment + "=" * (-len(segment) % 4)


def forms(draft):
    """Segments in other forms, signed as they are written."""
    head, body = draft.head(), draft.body()
    # Three lengths, so that padding and trailing bits occur whatever the claims are.
    for spaces in range(3):
        longer_head, longer_body = b64(to_json(draft.header) + " " * spaces), b64(to_json(draft.claims) + " " * spaces)
        yield f"{spaces} spaces", draft.token(longer_head, longer_body)
        yield f"{spaces} spaces, a loose header", draft.token(loose(longer_head), body)
        yield f"{spaces} spaces, loose claims", draft.token(head, loose(longer_body))
        yield f"{spaces} spaces, a padded header", draft.token(padded(longer_head), body)
        yield f"{spaces} spaces, padded claims", draft.token(head, padded(longer_body))
    odd = draft.body(more=Raw('"ÿþ?>~"'))
    yield "the other alphabet", draft.token(head, odd.replace("-", "+").replace("_", "/"))
    for stray in ("\n", " ", "*", "=", "é"):
        yield f"{stray!r} in the header", draft.token(head[:8] + stray + head[8:], body)
        yield f"{stray!r} in the claims", draft.token(head, body[:8] + stray + body[8:])


def structures(draft):
    """Segments taken away, added, exchanged."""
    token = draft.token()
    head, body, signature = token.split(".")
    alone, other = draft.head(alg="none"), draft.token(body=draft.body(sub="root")).split(".")
    yield from {
        "no token": "x",
        "no signature": f"{head}.{body}",
        "an empty signature": f"{head}.{body}.",
        "none, and no signature": f"{alone}.{body}.",
        "none, and the signature": f"{alone}.{body}.{signature}",
        "no claims": f"{head}..{signature}",
        "no header": f".{body}.{signature}",
        "dots alone": "..",
        "a fourth segment": f"{token}.{signature}",
        "a dot behind": f"{token}.",
        "a dot before": f".{token}",
        "five segments": f"{head}..{signature}.{body}.{signature}",
        "another's claims": f"{head}.{other[1]}.{signature}",
        "another's signature": f"{head}.{body}.{other[2]}",
        "the claims twice": f"{head}.{body}{body}.{signature}",
        "the JSON form": to_json({"protected": head, "payload": body, "signature": signature}),
        "upper case": token.upper(),
        "a padded signature": padded(f"{head}.{body}.") + padded(signature),
        "a signature with too much padding": f"{token}====",
        "a loose signature": f"{head}.{body}.{loose(signature)}",
        "a newline in the signature": f"{head}.{body}.{signature[:8]}\n{signature[8:]}",
        "a star in the signature": f"{head}.{body}.{signature[:8]}*{signature[8:]}",
    }.items()


def signatures(draft):
    """Other signatures of the same header and claims."""
    own, key, data = draft.algorithm, draft.key, f"{draft.head()}.{draft.body()}".encode()
    right, digest = sign(own, key, data), HASHES.get(own[2:])
    found = {
        "short by a byte": right[:-1],
        "short by its first byte": right[1:],
        "a zero before": b"\0" + right,
        "a zero behind": right + b"\0",
        "twice": right + right,
        "zeros": bytes(len(right)),
        "ones": b"\xff" * len(right),
        "reversed": right[::-1],
        "one bit": bytes([right[0] ^ 1]) + right[1:],
        "of a stranger": sign(own, draft.stranger, data),
        "of the claims alone": sign(own, key, draft.body().encode()),
    }
    if draft.kind == "rsa":
        number = int.from_bytes(right, "big") + key.public_key().public_numbers().n
        found["plus the modulus"] = number.to_bytes((number.bit_length() + 7) // 8, "big")
        for other in ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512"):
            if other != own:
                found[f"as {other}"] = sign(other, key, data)
    if own == "PS256":
        for salt in (0, 20, 31, 33, 64, 222):
            found[f"a salt of {salt}"] = sign_pss(key, data, digest, digest, salt)
        found["a mask by SHA-1"] = sign_pss(key, data, digest, hashes.SHA1(), digest.digest_size)
    if own.startswith("ES"):
        (r, s), order, size = sign_ecdsa(key, data, digest), ORDERS[own], len(right) // 2
        found |= {
            "DER": key.sign(data, ec.ECDSA(digest)),
            "the other s": fixed(r, order - s, size),
            "swapped": fixed(s, r, size),
            "wider": fixed(r, s, size + 2),
            "r is 0": fixed(0, s, size),
            "s is 0": fixed(r, 0, size),
            "r and s are 1": fixed(1, 1, size),
            "r is the order": fixed(order, s, size),
            "s is the order": fixed(r, order, size),
            "another hash": fixed(*sign_ecdsa(key, data, HASHES["384" if own == "ES256" else "256"]), size),
        }
    if own == "EdDSA":
        found["s plus the order"] = right[:32] + (int.from_bytes(right[32:], "little") + ORDERS[own]).to_bytes(32, "little")
        found["r is the neutral element, s is 0"] = b"\1" + bytes(63)
    for name, signature in found.items():
        yield name, f"{data.decode()}.{b64(signature)}"


def forgeries(draft):
    """What a stranger can make who has the public keys."""
    public, key = draft.key.public_key(), jwk(draft.key, kid=draft.kind)
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    pem, der = (public.public_bytes(encoding, info) for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER))
    for name, secret in {
        "PEM": pem,
        "PEM without its last newline": pem.rstrip(),
        "DER": der,
        "a JWK": json.dumps(key).encode(),
        "its number": unb64(key.get("n") or key["x"]),
        "the key id": draft.kind.encode(),
        "an empty secret": b"",
    }.items():
        yield f"HS256 with {name}", draft.token(draft.head(alg="HS256"), algorithm="HS256", key=secret)
    yield "HS256 with a key of the set", draft.token(draft.head(alg="HS256", kid="oct"), algorithm="HS256", key=SHARED_SECRET)
    mine = jwk(draft.stranger, kid="mine")
    for name, members in {
        "jwk": {"jwk": mine},
        "jwk and its id": {"jwk": mine, "kid": "mine"},
        "jku": {"jku": STRANGE},
        "x5u": {"x5u": STRANGE},
        "x5c": {"x5c": [b64(der)]},
        "an id of two keys": {"kid": f"{draft.kind}-same"},
    }.items():
        yield f"a stranger's key, {name}", draft.token(draft.head(**members), key=draft.stranger)


def misuses(draft):
    """The issuer's own keys, used as they must not be."""
    for algorithm in ("RS384", "RS512", "PS384", "PS512", "ES512"):
        kind = kind_of(algorithm)
        head = draft.head(alg=algorithm, kid=kind)
        yield f"signed as {algorithm}", draft.token(head, algorithm=algorithm, key=draft.keys[kind][0])
    for kind, algorithm in [("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed", "EdDSA")]:
        if algorithm != draft.algorithm:
            yield f"a signature as {algorithm}", draft.token(draft.head(kid=kind), algorithm=algorithm, key=draft.keys[kind][0])
    if draft.kind == "rsa":
        yield "a key of 1024 bits", draft.token(draft.head(kid="small"), key=draft.keys["small"][0])


def edited(rng, token):
    """One character put in, replaced, removed, doubled, or swapped with the next."""
    place = rng.randrange(len(token) - 1)
    before, here, after = token[:place], token[place], token[place + 1 :]
    letter = rng.choice(string.ascii_letters + string.digits + "-_")
    return before + rng.choice([letter + here + after, letter + after, after, here + here + after, after[0] + here + after[1:]])


class Corpus:
    def __init__(self, seed, now):
        self.rng, self.now = random.Random(seed), now
        self.keys = new_keys(self.rng)
        self.key_set = key_set(self.keys)
        self.cases = [Case(name, algorithm, token) for algorithm in ALGORITHMS for name, token in self.tokens(algorithm)]

    def draft(self, algorithm):
        return Draft(self.rng, self.keys, algorithm, self.now)

    def tokens(self, algorithm):
        plain = self.draft(algorithm)
        mutations = [
            (part, name, value)
            for part, members in [
                ("header", header_values(algorithm, plain.kind, plain.stranger)),
                ("claims", claim_values(self.now)),
            ]
            for name, values in members.items()
            for value in values
        ]
        for _ in range(20):
            yield "valid", self.valid(algorithm)
        for mutation in mutations:
            yield self.mutated(algorithm, [mutation])
        for name, text in texts(to_json(plain.header)).items():
            yield f"header: {name}", plain.token(head=b64(text))
        for name, text in texts(to_json(plain.claims)).items():
            yield f"claims: {name}", plain.token(body=b64(text))
        for make in (forms, structures, signatures, forgeries, misuses):
            for name, token in make(plain):
                yield f"{make.__name__}: {name}", token
        for _ in range(30):
            yield "one character", edited(self.rng, self.valid(algorithm))
        for _ in range(30):
            yield self.mutated(algorithm, self.rng.sample(mutations, 2))

    def mutated(self, algorithm, mutations):
        draft, names = self.draft(algorithm), []
        for part, name, value in mutations:
            members = getattr(draft, part)
            if value is ABSENT:
                members.pop(name, None)
            else:
                members[name] = value
            text = "absent" if value is ABSENT else value if isinstance(value, Raw) else json.dumps(value)
            names.append(f"{part}: {name} is {text[:80]}")
        return " and ".join(names), draft.token()

    def valid(self, algorithm):
        """Random claims that are allowed, and random ones that do not matter."""
        rng, draft = self.rng, self.draft(algorithm)
        draft.header["kid"] = rng.choice([draft.kind, draft.kind if algorithm == "PS256" else f"{draft.kind}-tied"])
        draft.claims["aud"] = rng.choice([*AUDIENCES, AUDIENCES, ["other", rng.choice(AUDIENCES)]])
        draft.claims["exp"] = self.now + rng.randrange(LEEWAY, 10**9)
        if rng.random() < 0.5:
            draft.claims["nbf"] = self.now - rng.randrange(10**6)
        for _ in range(rng.randrange(6)):
            values = [None, True, rng.randrange(10**9), rng.random(), "é" * rng.randrange(9), ["a"] * 3, {"b": {"c": []}}]
            draft.claims[f"https://example.com/{rng.randrange(10**6)}"] = rng.choice(values)
        return draft.token()
