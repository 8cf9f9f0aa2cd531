# What the module's variables allow and refuse. The provider is mocked.

mock_provider "aws" {}

variables {
  package    = { file = "tests/package.zip" }
  user_pools = { primary = { user_pool_id = "eu-west-1_Example", app_client_ids = ["abc"] } }
}

run "users_alone" {
  command = plan
}

run "services_alone" {
  command = plan
  variables {
    user_pools = {}
    services   = { secrets_prefix = "smac/prod" }
  }
}

run "services_in_another_region" {
  command = plan
  variables {
    services = { secrets_prefix = "smac/prod", secrets_region = "us-east-1" }
  }
}

run "another_issuer_alone" {
  command = plan
  variables {
    user_pools = {}
    issuers    = { okta = { issuer = "https://example.okta.com/oauth2/default", audience = ["api://default"] } }
  }
}

run "anybody" {
  command = plan
  variables {
    user_pools = {}
    settings   = { MODE = "optional" }
  }
}

run "everything_in_the_file" {
  command = plan
  variables {
    user_pools    = {}
    settings_file = "/opt/smac/settings.json"
  }
}

run "the_provider_beside_a_file" {
  command = plan
  variables {
    settings_file = "settings.json"
    settings      = { PROVIDER = "COGNITO" }
  }
}

run "rules_for_the_method_need_no_routes" {
  command = plan
  variables {
    rules    = { policies = "rules" }
    settings = { POLICY__SCOPE = "METHOD" }
  }
}

run "a_zip_in_s3" {
  command = plan
  variables {
    package = { s3 = { bucket = "b", key = "k" } }
  }
}

run "concurrency_with_a_version" {
  command = plan
  variables {
    provisioned_concurrency = 1
  }
}

run "nobody_is_allowed" {
  command = plan
  variables {
    user_pools = {}
  }
  expect_failures = [output.environment]
}

run "more_than_the_environment_holds" {
  command = plan
  variables {
    settings = { CONTEXT_CLAIMS = join(",", [for number in range(500) : "claim${number}"]) }
  }
  expect_failures = [output.environment]
}

run "a_name_with_a_slash" {
  command = plan
  variables {
    name = "a/b"
  }
  expect_failures = [var.name]
}

run "a_name_too_long_for_a_role" {
  command = plan
  variables {
    name = "abcdefghijklmnopqrstuvwxyz-abcdefghijk"
  }
  expect_failures = [var.name]
}

run "no_package" {
  command = plan
  variables {
    package = {}
  }
  expect_failures = [var.package]
}

run "two_packages" {
  command = plan
  variables {
    package = { file = "a.zip", s3 = { bucket = "b", key = "k" } }
  }
  expect_failures = [var.package]
}

run "a_url_without_a_hash" {
  command = plan
  variables {
    package = { url = "https://example.com/a.zip" }
  }
  expect_failures = [var.package]
}

run "a_url_in_clear" {
  command = plan
  variables {
    package = { url = "http://example.com/a.zip", sha256 = sha256("") }
  }
  expect_failures = [var.package]
}

run "a_hash_in_base64" {
  command = plan
  variables {
    package = { url = "https://example.com/a.zip", sha256 = base64sha256("") }
  }
  expect_failures = [var.package]
}

run "another_processor" {
  command = plan
  variables {
    architecture = "riscv"
  }
  expect_failures = [var.architecture]
}

run "no_primary_pool" {
  command = plan
  variables {
    user_pools = { partners = { user_pool_id = "eu-west-1_Example", app_client_ids = ["abc"] } }
  }
  expect_failures = [var.user_pools]
}

run "no_app_client" {
  command = plan
  variables {
    user_pools = { primary = { user_pool_id = "eu-west-1_Example", app_client_ids = [] } }
  }
  expect_failures = [var.user_pools]
}

run "no_pool_id" {
  command = plan
  variables {
    user_pools = { primary = { user_pool_id = "Example", app_client_ids = ["abc"] } }
  }
  expect_failures = [var.user_pools]
}

run "a_pool_named_with_two_underscores" {
  command = plan
  variables {
    user_pools = { primary = { user_pool_id = "eu-west-1_A", app_client_ids = ["abc"] }, a__b = { user_pool_id = "eu-west-1_B", app_client_ids = ["abc"] } }
  }
  expect_failures = [var.user_pools]
}

run "pools_that_differ_in_case_alone" {
  command = plan
  variables {
    user_pools = { primary = { user_pool_id = "eu-west-1_A", app_client_ids = ["abc"] }, PRIMARY = { user_pool_id = "eu-west-1_B", app_client_ids = ["abc"] } }
  }
  expect_failures = [var.user_pools]
}

run "an_issuer_in_clear" {
  command = plan
  variables {
    issuers = { a = { issuer = "http://example.com", audience = ["x"] } }
  }
  expect_failures = [var.issuers]
}

run "an_issuer_with_a_query" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com?a=b", audience = ["x"] } }
  }
  expect_failures = [var.issuers]
}

run "an_issuer_twice" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = ["x"] }, b = { issuer = "https://example.com", audience = ["y"] } }
  }
  expect_failures = [var.issuers]
}

run "issuers_that_differ_in_case_alone" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://a.example.com", audience = ["x"] }, A = { issuer = "https://b.example.com", audience = ["y"] } }
  }
  expect_failures = [var.issuers]
}

run "an_issuer_named_with_a_hyphen" {
  command = plan
  variables {
    issuers = { a-b = { issuer = "https://example.com", audience = ["x"] } }
  }
  expect_failures = [var.issuers]
}

run "no_audience" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = [] } }
  }
  expect_failures = [var.issuers]
}

run "a_symmetric_algorithm" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = ["x"], algorithms = ["RS256", "HS256"] } }
  }
  expect_failures = [var.issuers]
}

run "another_type_of_token" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = ["x"], token_type = "JWT" } }
  }
  expect_failures = [var.issuers]
}

run "another_type_of_principal" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = ["x"], principal_type = "ROBOT" } }
  }
  expect_failures = [var.issuers]
}

run "claims_that_are_no_object" {
  command = plan
  variables {
    issuers = { a = { issuer = "https://example.com", audience = ["x"], required_claims = "[1]" } }
  }
  expect_failures = [var.issuers]
}

run "no_prefix" {
  command = plan
  variables {
    services = { secrets_prefix = "" }
  }
  expect_failures = [var.services]
}

run "a_slash_at_the_end" {
  command = plan
  variables {
    services = { secrets_prefix = "smac/" }
  }
  expect_failures = [var.services]
}

run "no_region" {
  command = plan
  variables {
    services = { secrets_prefix = "smac", secrets_region = "Ireland" }
  }
  expect_failures = [var.services]
}

run "no_key" {
  command = plan
  variables {
    services = { secrets_prefix = "smac", kms_key_arn = "alias/smac" }
  }
  expect_failures = [var.services]
}

run "one_header_for_both" {
  command = plan
  variables {
    services = { secrets_prefix = "smac", id_header = "smac-token" }
  }
  expect_failures = [var.services]
}

run "another_mode_of_rules" {
  command = plan
  variables {
    rules = { policies = "rules", routes = "routes.json", mode = "WARN" }
  }
  expect_failures = [var.rules]
}

run "no_policies" {
  command = plan
  variables {
    rules = { policies = "", routes = "routes.json" }
  }
  expect_failures = [var.rules]
}

run "rules_for_the_stage_without_routes" {
  command = plan
  variables {
    rules = { policies = "rules" }
  }
  expect_failures = [var.rules]
}

run "another_spelling" {
  command = plan
  variables {
    settings = { mode = "OPTIONAL" }
  }
  expect_failures = [var.settings]
}

run "the_prefix_of_variables" {
  command = plan
  variables {
    settings = { SMAC__AUTH__MODE = "OPTIONAL" }
  }
  expect_failures = [var.settings]
}

run "a_pool_as_a_setting" {
  command = plan
  variables {
    settings = { PROVIDER_COGNITO__USERPOOLS__X__USERPOOL_ID = "eu-west-1_X" }
  }
  expect_failures = [var.settings]
}

run "an_issuer_as_a_setting" {
  command = plan
  variables {
    settings = { PROVIDER_OIDC__ISSUERS__X__ISSUER = "https://example.com" }
  }
  expect_failures = [var.settings]
}

run "services_as_a_setting" {
  command = plan
  variables {
    settings = { AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX = "x" }
  }
  expect_failures = [var.settings]
}

run "rules_as_a_setting" {
  command = plan
  variables {
    settings = { RULES__MODE = "LOG" }
  }
  expect_failures = [var.settings]
}

run "a_file_as_a_setting" {
  command = plan
  variables {
    settings = { SETTINGS_FILE = "settings.json" }
  }
  expect_failures = [var.settings]
}

run "the_provider_without_a_file" {
  command = plan
  variables {
    settings = { PROVIDER = "NONE" }
  }
  expect_failures = [var.settings]
}

run "a_file_with_a_space" {
  command = plan
  variables {
    settings_file = "my settings.json"
  }
  expect_failures = [var.settings_file]
}

run "six_layers" {
  command = plan
  variables {
    layers = [for number in range(6) : "arn:aws:lambda:eu-west-1:123456789012:layer:x:${number}"]
  }
  expect_failures = [var.layers]
}

run "an_api_named_with_a_space" {
  command = plan
  variables {
    api_ids = { "a b" = "abc" }
  }
  expect_failures = [var.api_ids]
}

run "an_api_of_any_account" {
  command = plan
  variables {
    api_arns = { a = "arn:aws:execute-api:eu-west-1:*:abc" }
  }
  expect_failures = [var.api_arns]
}

run "an_api_of_any_region" {
  command = plan
  variables {
    api_arns = { a = "arn:aws:execute-api:*:123456789012:abc" }
  }
  expect_failures = [var.api_arns]
}

run "a_name_for_two_apis" {
  command = plan
  variables {
    api_ids  = { a = "abc" }
    api_arns = { a = "arn:aws:execute-api:eu-west-1:123456789012:abc" }
  }
  expect_failures = [var.api_arns]
}

run "no_organization" {
  command = plan
  variables {
    organization_id = "*"
  }
  expect_failures = [var.organization_id]
}

run "too_little_memory" {
  command = plan
  variables {
    memory_size = 127
  }
  expect_failures = [var.memory_size]
}

run "too_much_memory" {
  command = plan
  variables {
    memory_size = 10241
  }
  expect_failures = [var.memory_size]
}

run "half_a_concurrency" {
  command = plan
  variables {
    reserved_concurrency = -2
  }
  expect_failures = [var.reserved_concurrency]
}

run "concurrency_without_a_version" {
  command = plan
  variables {
    publish                 = false
    provisioned_concurrency = 1
  }
  expect_failures = [var.provisioned_concurrency]
}

run "another_tracing" {
  command = plan
  variables {
    tracing = "On"
  }
  expect_failures = [var.tracing]
}

run "a_vpc_without_security_groups" {
  command = plan
  variables {
    vpc = { subnet_ids = ["subnet-12345678"], security_group_ids = [] }
  }
  expect_failures = [var.vpc]
}

run "a_boundary_that_is_no_policy" {
  command = plan
  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:role/x"
  }
  expect_failures = [var.permissions_boundary_arn]
}

run "a_key_by_its_alias" {
  command = plan
  variables {
    kms_key_arn = "alias/x"
  }
  expect_failures = [var.kms_key_arn]
}

run "a_log_key_by_its_alias" {
  command = plan
  variables {
    log_kms_key_arn = "alias/x"
  }
  expect_failures = [var.log_kms_key_arn]
}

run "a_month_of_31_days" {
  command = plan
  variables {
    log_retention_days = 31
  }
  expect_failures = [var.log_retention_days]
}

run "an_alarm_at_no_share" {
  command = plan
  variables {
    alarms = { unauthorized_percent = 0 }
  }
  expect_failures = [var.alarms]
}

run "an_alarm_after_two_days" {
  command = plan
  variables {
    alarms = { silence_minutes = 2880 }
  }
  expect_failures = [var.alarms]
}

run "alarms_without_metrics" {
  command = plan
  variables {
    alarms   = {}
    settings = { METRICS = "NONE" }
  }
  expect_failures = [var.alarms]
}
