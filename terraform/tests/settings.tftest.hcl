# What the function's environment is. The provider is mocked.

mock_provider "aws" {}

variables {
  package = { file = "tests/package.zip" }
}

run "a_pool" {
  command = plan
  variables {
    user_pools = { primary = { user_pool_id = "eu-west-1_Example", app_client_ids = ["abc", "def"] } }
  }
  assert {
    condition = output.environment == tomap({
      SMAC__AUTH__PROVIDER                                            = "COGNITO"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID   = "eu-west-1_Example"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID = "[\"abc\",\"def\"]"
    })
    error_message = "What is not given must be left out, and lists are JSON: ${jsonencode(output.environment)}"
  }
}

run "everything" {
  command = plan
  variables {
    user_pools = {
      Primary = {
        user_pool_id      = "eu-west-1_Example"
        app_client_ids    = ["abc"]
        region            = "eu-west-1"
        domain            = "https://auth.example.com"
        issuers           = ["ORIGINAL", "UPDATED"]
        jwks              = "keys.json"
        resource_audience = ["https://api.example.com"]
      }
      partners = { user_pool_id = "eu-west-1_Partners", app_client_ids = ["ghi"] }
    }
    issuers = {
      Okta = {
        issuer               = "https://example.okta.com/oauth2/default"
        audience             = ["api://default"]
        algorithms           = ["RS256", "ES256"]
        jwks_uri             = "https://example.okta.com/keys"
        jwks                 = "{}"
        discovery_url        = "https://example.okta.com/discovery"
        client_id            = ["web"]
        token_type           = "AT_JWT"
        user_id              = ["uid", "sub"]
        user_id_prefix       = "okta:"
        scope_claim          = "scp"
        groups_claim         = "/realm_access/roles"
        required_scopes      = ["read"]
        required_groups      = ["clerks"]
        required_claims      = jsonencode({ tenant = ["a", "b"] })
        principal_type       = "USER"
        allow_machine_tokens = true
        user_info            = false
      }
    }
    services = {
      secrets_prefix         = "smac/prod"
      secrets_region         = "us-east-1"
      id_header              = "X-Id"
      token_header           = "X-Token"
      rotation_grace_seconds = 3600
    }
    rules    = { policies = "/opt/rules", routes = "/opt/routes.json", namespace = "Pets", mode = "LOG" }
    settings = { MODE = "OPTIONAL" }
  }
  assert {
    condition = output.environment == tomap({
      SMAC__AUTH__PROVIDER                                                = "COGNITO,OIDC"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID       = "eu-west-1_Example"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID     = "[\"abc\"]"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__REGION            = "eu-west-1"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN            = "https://auth.example.com"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS           = "[\"ORIGINAL\",\"UPDATED\"]"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS              = "keys.json"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__RESOURCE_AUDIENCE = "[\"https://api.example.com\"]"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PARTNERS__USERPOOL_ID      = "eu-west-1_Partners"
      SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PARTNERS__APP_CLIENT_ID    = "[\"ghi\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ISSUER                    = "https://example.okta.com/oauth2/default"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__AUDIENCE                  = "[\"api://default\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ALGORITHMS                = "[\"RS256\",\"ES256\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__JWKS_URI                  = "https://example.okta.com/keys"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__JWKS                      = "{}"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__DISCOVERY_URL             = "https://example.okta.com/discovery"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__CLIENT_ID                 = "[\"web\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__TOKEN_TYPE                = "AT_JWT"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_ID                   = "[\"uid\",\"sub\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_ID_PREFIX            = "okta:"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__SCOPE_CLAIM               = "scp"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__GROUPS_CLAIM              = "/realm_access/roles"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_SCOPES           = "[\"read\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_GROUPS           = "[\"clerks\"]"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_CLAIMS           = "{\"tenant\":[\"a\",\"b\"]}"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__PRINCIPAL_TYPE            = "USER"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ALLOW_MACHINE_TOKENS      = "true"
      SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_INFO                 = "false"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX   = "smac/prod"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION          = "us-east-1"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__ID_HEADER_NAME                   = "X-Id"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__TOKEN_HEADER_NAME                = "X-Token"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS           = "3600"
      SMAC__AUTH__RULES__POLICIES                                         = "/opt/rules"
      SMAC__AUTH__RULES__ROUTES                                           = "/opt/routes.json"
      SMAC__AUTH__RULES__NAMESPACE                                        = "Pets"
      SMAC__AUTH__RULES__MODE                                             = "LOG"
      SMAC__AUTH__MODE                                                    = "OPTIONAL"
    })
    error_message = "Each variable must be the setting that it names: ${jsonencode(output.environment)}"
  }
}

run "with_a_file_it_says_who_is_asked" {
  command = plan
  variables {
    settings_file = "/opt/smac/settings.json"
    services      = { secrets_prefix = "smac/prod" }
  }
  assert {
    condition = output.environment == tomap({
      SMAC__AUTH__SETTINGS_FILE                                         = "/opt/smac/settings.json"
      SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX = "smac/prod"
    })
    error_message = "There must be no PROVIDER, which would win over the file's: ${jsonencode(output.environment)}"
  }
}

run "a_hash_is_what_lambda_compares" {
  command = plan
  variables {
    package  = { s3 = { bucket = "b", key = "k" }, sha256 = sha256("the zip") }
    settings = { MODE = "OPTIONAL" }
  }
  assert {
    condition     = local.package_hash == base64sha256("the zip")
    error_message = "The hash must be the same in base64: ${local.package_hash}"
  }
}

run "a_download_is_named_after_its_hash" {
  command = plan
  variables {
    package  = { url = "https://example.com/a.zip", sha256 = sha256("") }
    settings = { MODE = "OPTIONAL" }
  }
  assert {
    condition     = endswith(local.package_file, "smac-lambda-authorizer-${sha256("")}.zip") && local.package_hash == base64sha256("")
    error_message = "Another zip must be another file: ${local.package_file}"
  }
}

run "no_hash_without_a_file" {
  command = plan
  variables {
    package  = { s3 = { bucket = "b", key = "k" } }
    settings = { MODE = "OPTIONAL" }
  }
  assert {
    condition     = local.package_hash == null && local.package_file == null
    error_message = "Of a zip in S3 nothing is known but what is given."
  }
}
