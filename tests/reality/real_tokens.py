"""The release binary against moto's Cognito and Secrets Manager: a real pool, a real user, real tokens from
InitiateAuth, a real secret, under AWS's Lambda runtime emulator."""

import json
import sys

import boto3

from harness import Function, allow, check, event, finish, free_port, start

REGION = "eu-west-1"
EMAIL = "jane@example.com"
PASSWORD = "Correct-horse-1-battery"


def tokens(cognito, pool, client):
    answer = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    )
    return answer["AuthenticationResult"]


def bearer(token):
    return event(Authorization=f"Bearer {token}")


def pair(name, token):
    return event(SMAC_Principal=name, SMAC_Token=token)


def main():
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
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(UserPoolId=pool, Username=EMAIL, UserAttributes=attributes)
    cognito.admin_set_user_password(UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True)
    ours, theirs = (tokens(cognito, pool, client) for client in clients)
    secret = json.dumps({"token": "a-token", "id": "service:1"})
    secrets.create_secret(Name="smac/one", SecretString=secret)

    pools = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY"
    function = Function({
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": base,
        "SMAC__AUTH__PROVIDER": "COGNITO",
        f"{pools}__USERPOOL_ID": pool,
        f"{pools}__APP_CLIENT_ID": clients[0],
        "SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX": "smac",
        # So that a deletion is seen at once.
        "SMAC__AUTH__CACHE__TTL_SECONDS": "0",
    })

    def refused(name, request):
        check(name, function.invoke(request).get("errorMessage"), "Unauthorized")

    token = ours["IdToken"]
    check("an ID token of InitiateAuth", function.invoke(bearer(token)), allow(EMAIL))
    refused("an access token without an e-mail and without a domain to ask", bearer(ours["AccessToken"]))
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
    reasons = [json.loads(line).get("reason") for line in function.log().splitlines() if line.startswith('{"_aws"')]
    check("the reasons", reasons, [
        None, "user_id_missing", "client_not_allowed", "signature_invalid", "signature_invalid", None,
        "service_token_mismatch", "service_unknown", None, "service_token_mismatch", "service_unknown",
    ])
    finish()


main()
