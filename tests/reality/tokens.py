"""Tokens made by hand: keys of every type and a set of them, signatures as JOSE has them, drafts to change before they are
signed."""

import base64
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from harness import ROOT

ISSUER = "https://issuer.example.com/"
AUDIENCES = ["https://pets.example.com", "pets"]
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
SHARED_SECRET = b"a shared secret of 32 characters"

KINDS = {"RS": "rsa", "PS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed"}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


class Raw(str):
    """JSON as it is to be written."""


def to_json(members):
    def written(value):
        return value if isinstance(value, Raw) else json.dumps(value)

    return "{" + ",".join(f"{json.dumps(name)}:{written(value)}" for name, value in members.items()) + "}"


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def new_keys(rng):
    """Two of each type: the issuer's and a stranger's. All but the small one are the same for the same seed."""

    def rsa_key(name):
        return serialization.load_der_private_key((ROOT / f"local/keys/{name}.der").read_bytes(), None)

    def ec_key(curve):
        return ec.derive_private_key(rng.getrandbits(curve.key_size - 8), curve)

    return {
        "rsa": (rsa_key("primary"), rsa_key("forger")),
        "small": (rsa.generate_private_key(65537, 1024), None),
        "p256": (ec_key(ec.SECP256R1()), ec_key(ec.SECP256R1())),
        "p384": (ec_key(ec.SECP384R1()), ec_key(ec.SECP384R1())),
        "p521": (ec_key(ec.SECP521R1()), None),
        "ed": tuple(Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)) for _ in range(2)),
    }


def jwk(key, **more):
    def number(value, size=None):
        return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))

    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **more}
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers, size = public.public_numbers(), (public.key_size + 7) // 8
        curve = f"P-{public.key_size}"
        return {"kty": "EC", "crv": curve, "x": number(numbers.x, size), "y": number(numbers.y, size), **more}
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw()), **more}


def key_set(keys):
    """Each key with nothing but its id, and again with what allows or forbids its use."""
    found = []
    for kind, own, other in [
        ("rsa", "RS256", "RS512"),
        ("p256", "ES256", "ES384"),
        ("p384", "ES384", "ES256"),
        ("ed", "EdDSA", "ES256"),
    ]:
        key, stranger = keys[kind]
        found += [
            jwk(key, kid=kind),
            jwk(key, kid=f"{kind}-tied", alg=own, use="sig", key_ops=["verify"]),
            jwk(key, kid=f"{kind}-other", alg=other),
            jwk(key, kid=f"{kind}-enc", use="enc"),
            jwk(key, kid=f"{kind}-sign", key_ops=["sign"]),
            jwk(key, kid=f"{kind}-same"),
            jwk(stranger, kid=f"{kind}-same"),
            jwk(key, kid="every"),
        ]
    return {
        "keys": [
            *found,
            # Not a point of its curve.
            {**jwk(keys["p256"][0], kid="p256-off"), "y": b64(bytes(31) + b"\1")},
            jwk(keys["p521"][0], kid="p521"),
            jwk(keys["small"][0], kid="small"),
            {"kty": "oct", "k": b64(SHARED_SECRET), "kid": "oct"},
        ]
    }


def kind_of(algorithm):
    return KINDS.get(algorithm) or KINDS[algorithm[:2]]


def sign(algorithm, key, data):
    digest = HASHES.get(algorithm[2:])
    match algorithm[:2]:
        case "HS":
            return hmac.digest(key, data, "sha256")
        case "RS":
            return key.sign(data, padding.PKCS1v15(), digest)
        case "PS":
            return sign_pss(key, data, digest, digest, digest.digest_size)
        case "ES":
            return fixed(*sign_ecdsa(key, data, digest), (key.curve.key_size + 7) // 8)
        case "Ed":
            return key.sign(data)


def sign_pss(key, data, digest, mask, salt):
    return key.sign(data, padding.PSS(padding.MGF1(mask), salt), digest)


def sign_ecdsa(key, data, digest):
    return decode_dss_signature(key.sign(data, ec.ECDSA(digest, deterministic_signing=True)))


def fixed(r, s, size):
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


class Draft:
    """A token before it is signed."""

    def __init__(self, rng, keys, algorithm, now):
        self.keys, self.algorithm, self.kind = keys, algorithm, kind_of(algorithm)
        self.key, self.stranger = keys[self.kind]
        self.header = {"alg": algorithm, "typ": "at+jwt", "kid": self.kind}
        self.claims = {
            "iss": ISSUER,
            "sub": f"user-{rng.randrange(1000)}",
            "aud": AUDIENCES[0],
            "exp": now + 3600,
            "iat": now - 60,
            "client_id": "app",
            "jti": b64(rng.randbytes(12)),
        }

    def head(self, **changes):
        return b64(to_json({**self.header, **changes}))

    def body(self, **changes):
        return b64(to_json({**self.claims, **changes}))

    def token(self, head=None, body=None, algorithm=None, key=None):
        """Signed as it is written."""
        signed = f"{self.head() if head is None else head}.{self.body() if body is None else body}"
        signature = sign(algorithm or self.algorithm, self.key if key is None else key, signed.encode())
        return f"{signed}.{b64(signature)}"
