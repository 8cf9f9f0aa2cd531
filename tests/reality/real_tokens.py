"""The release binary against moto's Cognito and Secrets Manager: a real pool, real users, real tokens from InitiateAuth,
GetUser, a real secret, under AWS's Lambda runtime emulator.

usage: real_tokens.py [BINARY]
"""

import json
import pathlib
import sys

import boto3

from harness import BINARY, EMAIL, Function, allow, bearer, check, event, finish, free_port, start

REGION = "eu-west-1"
UNVERIFIED = "john@example.com"
PASSWORD = "Correct-horse-1-battery"


def create_user(cognito, pool, email, is_verified):
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": is_verified}]
    cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes)
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)


def tokens(cognito, client, email):
    answer = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )
    return answer["AuthenticationResult"]


def pair(name, token):
    return event(SMAC_Principal=name, SMAC_Token=token)


def reasons(function):
    return [line.get("reason") for line in function.decisions()]


def main():
    binary = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BINARY
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    start([sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)], port=port)
    credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    common = {"region_name": REGION, "endpoint_url": base, **credentials}
    cognito = boto3.client("cognito-idp", **common)
    secrets = boto3.client("secretsmanager", **common)

    pool = cognito.create_user_pool(PoolName="pool", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
    options = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "ReadAttributes": ["email", "email_verified"]}
    clients = [
        cognito.create_user_pool_client(UserPoolId=pool, ClientName=name, **options)["UserPoolClient"]["ClientId"]
        for name in ("ours", "theirs")
    ]
    create_user(cognito, pool, EMAIL, "true")
    create_user(cognito, pool, UNVERIFIED, "false")
    ours, theirs = (tokens(cognito, client, EMAIL) for client in clients)
    unverified = tokens(cognito, clients[0], UNVERIFIED)
    secret = json.dumps({"token": "a-token", "id": "service:1"})
    secrets.create_secret(Name="smac/one", SecretString=secret)

    pools = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY"
    environment = {
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": base,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": base,
        "SMAC__AUTH__PROVIDER": "COGNITO",
        f"{pools}__USERPOOL_ID": pool,
        f"{pools}__APP_CLIENT_ID": clients[0],
        "SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX": "smac",
        # So that a deletion is seen at once.
        "SMAC__AUTH__CACHE__TTL_SECONDS": "0",
    }
    function = Function(environment, binary)

    def refused(name, request):
        check(name, function.invoke(request).get("errorMessage"), "Unauthorized")

    token = ours["IdToken"]
    check("an ID token of InitiateAuth", function.invoke(bearer(token)), allow(EMAIL))
    check("an access token of InitiateAuth, by GetUser", function.invoke(bearer(ours["AccessToken"])), allow(EMAIL))
    refused("an email that GetUser does not say to be verified", bearer(unverified["AccessToken"]))
    cognito.admin_user_global_sign_out(UserPoolId=pool, Username=EMAIL)
    refused("an access token after the sign-out", bearer(ours["AccessToken"]))
    refused("a token of another client", bearer(theirs["IdToken"]))
    head, claims, signature = token.split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    forged = ".".join([head, claims, signature[:middle] + other + signature[middle + 1 :]])
    refused("a signature with another character", bearer(forged))
    refused("no signature", bearer(f"{head}.{claims}."))
    check("a service's pair", function.invoke(pair("one", "a-token")), allow("service:1", "service"))
    refused("a wrong service token", pair("one", "another"))
    refused("an unknown service", pair("two", "a-token"))
    secrets.put_secret_value(SecretId="smac/one", SecretString=json.dumps({"token": "b-token", "id": "service:1"}))
    check("a rotated token", function.invoke(pair("one", "b-token")), allow("service:1", "service"))
    refused("the token before", pair("one", "a-token"))
    secrets.delete_secret(SecretId="smac/one", RecoveryWindowInDays=7)
    refused("a secret marked for deletion", pair("one", "b-token"))
    check("the reasons", reasons(function), [
        None, None, "user_id_not_verified", "token_revoked", "client_not_allowed", "signature_invalid",
        "signature_invalid", None, "service_token_mismatch", "service_unknown", None, "service_token_mismatch",
        "service_unknown",
    ])
    function.stop()

    function = Function({**environment, "SMAC__AUTH__PROVIDER_COGNITO__GET_USER": "false"}, binary)
    refused("an access token that nobody can be asked about", bearer(unverified["AccessToken"]))
    check("and the reason", reasons(function), ["user_id_missing"])
    finish()


main()
