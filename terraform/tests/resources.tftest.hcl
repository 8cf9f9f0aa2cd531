# What is made of the variables. The provider is mocked: nothing is asked of AWS.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/smac-authorizer" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:smac-authorizer", version = "7" }
  }
  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:smac-authorizer:live" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/smac-authorizer" }
  }
}

variables {
  package    = { file = "tests/package.zip" }
  user_pools = { primary = { user_pool_id = "eu-west-1_Example", app_client_ids = ["abc"] } }
}

run "defaults" {
  assert {
    condition     = aws_lambda_function.this.filename == "tests/package.zip" && aws_lambda_function.this.source_code_hash == filebase64sha256("tests/package.zip")
    error_message = "The zip must be the given one."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables["SMAC__AUTH__PROVIDER"] == "COGNITO"
    error_message = "The function must have its settings."
  }
  assert {
    condition     = tolist(aws_lambda_function.this.architectures) == tolist(["arm64"]) && aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.timeout == 10
    error_message = "The zip must run."
  }
  assert {
    condition     = output.authorizer_uri == "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:smac-authorizer:live/invocations"
    error_message = "APIs must call the alias: ${output.authorizer_uri}"
  }
  assert {
    condition     = length(aws_lambda_permission.api_gateway) == 0 && length(aws_lambda_permission.organization) == 0
    error_message = "Nobody may call it who was not named."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_cloudwatch_log_metric_filter.error_lines) == 0
    error_message = "There must be no alarms that were not asked for."
  }
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && length(terraform_data.download) == 0
    error_message = "There must be neither a VPC nor a download."
  }
  assert {
    condition     = length(data.aws_iam_policy_document.this.statement) == 1
    error_message = "The role must be allowed its own log and nothing else."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "\"smac-authorizer\"") && can(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body))
    error_message = "The dashboard must be JSON about this function."
  }
  assert {
    condition     = length(aws_cloudwatch_query_definition.this) > 5
    error_message = "The queries must be saved."
  }
}

run "without_an_alias" {
  variables {
    publish       = false
    dashboard     = false
    saved_queries = false
  }
  assert {
    condition     = output.authorizer_arn == "arn:aws:lambda:eu-west-1:123456789012:function:smac-authorizer" && length(aws_lambda_alias.live) == 0
    error_message = "APIs must call the function itself: ${output.authorizer_arn}"
  }
  assert {
    condition     = output.dashboard_name == null && length(aws_cloudwatch_query_definition.this) == 0
    error_message = "What is switched off must not be there."
  }
}

run "no_dashboard_without_metrics" {
  variables {
    settings = { METRICS = "none" }
  }
  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0
    error_message = "Without metrics a dashboard would be empty."
  }
}

run "who_may_call_it" {
  variables {
    api_ids         = { pets = "abcdef1234", all = "*" }
    api_arns        = { orders = "arn:aws:execute-api:us-east-1:210987654321:*" }
    organization_id = "o-a1b2c3d4e5"
  }
  assert {
    condition = { for name, permission in aws_lambda_permission.api_gateway : name => permission.source_arn } == {
      all    = "arn:aws:execute-api:eu-west-1:123456789012:*/authorizers/*"
      orders = "arn:aws:execute-api:us-east-1:210987654321:*/authorizers/*"
      pets   = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/authorizers/*"
    }
    error_message = "Each API must be allowed, and only its authorizers."
  }
  assert {
    condition     = alltrue([for permission in aws_lambda_permission.api_gateway : permission.principal == "apigateway.amazonaws.com" && permission.qualifier == "live"])
    error_message = "The permission must be API Gateway's, for the alias."
  }
  assert {
    condition     = aws_lambda_permission.organization[0].principal == "*" && aws_lambda_permission.organization[0].principal_org_id == "o-a1b2c3d4e5"
    error_message = "Everybody, but of this organization alone."
  }
}

run "services" {
  variables {
    services = { secrets_prefix = "smac/prod", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/abc" }
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["WriteOwnLog", "ReadServicesSecrets", "DecryptServicesSecrets"]
    error_message = "The role must be allowed to read the secrets, and to decrypt them."
  }
  assert {
    condition     = tolist(data.aws_iam_policy_document.this.statement[1].resources) == tolist(["arn:aws:secretsmanager:eu-west-1:123456789012:secret:smac/prod/*"])
    error_message = "Only these secrets."
  }
}

run "services_in_another_region" {
  variables {
    services = { secrets_prefix = "smac/prod", secrets_region = "us-east-1" }
  }
  assert {
    condition     = tolist(data.aws_iam_policy_document.this.statement[1].resources) == tolist(["arn:aws:secretsmanager:us-east-1:123456789012:secret:smac/prod/*"])
    error_message = "The region of the secrets."
  }
  assert {
    condition     = length(data.aws_iam_policy_document.this.statement) == 2
    error_message = "Without a key there is nothing to decrypt."
  }
}

run "in_a_vpc_with_tracing_and_keys" {
  variables {
    vpc                      = { subnet_ids = ["subnet-12345678"], security_group_ids = ["sg-12345678"] }
    tracing                  = "Active"
    kms_key_arn              = "arn:aws:kms:eu-west-1:123456789012:key/abc"
    log_kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/def"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    layers                   = ["arn:aws:lambda:eu-west-1:123456789012:layer:files:1"]
    tags                     = { Team = "payments" }
  }
  assert {
    condition     = tolist(aws_lambda_function.this.vpc_config[0].subnet_ids) == tolist(["subnet-12345678"]) && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "The function must be in the VPC, and traced."
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["WriteOwnLog", "WriteTraces", "AttachToVpc", "NoNetworkInterfacesForTheCode"]
    error_message = "The role must be allowed what Lambda does with it."
  }
  assert {
    condition     = aws_lambda_function.this.kms_key_arn == "arn:aws:kms:eu-west-1:123456789012:key/abc" && aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-west-1:123456789012:key/def"
    error_message = "Each key must be where it belongs."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && aws_iam_role.this.tags["Team"] == "payments" && aws_lambda_function.this.tags["Team"] == "payments"
    error_message = "The boundary and the tags must be set."
  }
  assert {
    condition     = tolist(aws_lambda_function.this.layers) == tolist(["arn:aws:lambda:eu-west-1:123456789012:layer:files:1"])
    error_message = "The layers must be there."
  }
}

run "alarms" {
  variables {
    alarms = { topic_arns = ["arn:aws:sns:eu-west-1:123456789012:alarms"], unauthorized_percent = 30, silence_minutes = 90 }
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["CrashAlarm", "DurationAlarm", "ErrorLineAlarm", "FaultAlarm", "SilenceAlarm", "ThrottleAlarm", "UnauthorizedAlarm", "UpstreamAlarm"])
    error_message = "The alarms must be the SAM template's: ${join(", ", keys(aws_cloudwatch_metric_alarm.this))}"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["FaultAlarm"].dimensions["FunctionName"] == "smac-authorizer" && aws_cloudwatch_metric_alarm.this["FaultAlarm"].period == 60
    error_message = "A simple alarm must be about this function."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["UnauthorizedAlarm"].threshold == 30 && aws_cloudwatch_metric_alarm.this["SilenceAlarm"].evaluation_periods == 90
    error_message = "The numbers must be the given ones."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this["UnauthorizedAlarm"].metric_query) == 6 && length([for query in aws_cloudwatch_metric_alarm.this["UnauthorizedAlarm"].metric_query : query if query.return_data]) == 1
    error_message = "An alarm about an expression must return one value."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : tolist(alarm.alarm_actions) == tolist(["arn:aws:sns:eu-west-1:123456789012:alarms"])])
    error_message = "Each alarm must be sent."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["ErrorLineAlarm"].namespace == aws_cloudwatch_log_metric_filter.error_lines[0].metric_transformation[0].namespace
    error_message = "The alarm must look where the filter counts."
  }
}

run "no_alarm_for_silence" {
  variables {
    alarms = { silence_minutes = 0 }
  }
  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "SilenceAlarm") && length(aws_cloudwatch_metric_alarm.this) == 7
    error_message = "0 must switch it off."
  }
}

run "a_zip_in_s3" {
  variables {
    package = { s3 = { bucket = "artefacts", key = "v1/arm64.zip", version = "abc" }, sha256 = sha256("zip") }
  }
  assert {
    condition     = aws_lambda_function.this.s3_bucket == "artefacts" && aws_lambda_function.this.s3_key == "v1/arm64.zip" && aws_lambda_function.this.s3_object_version == "abc" && aws_lambda_function.this.filename == null
    error_message = "The zip must be the object."
  }
  assert {
    condition     = aws_lambda_function.this.source_code_hash == base64sha256("zip")
    error_message = "The hash must be what Lambda compares."
  }
}

run "instances_that_are_ready" {
  variables {
    provisioned_concurrency = 3
    reserved_concurrency    = 10
  }
  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live[0].qualifier == "live" && aws_lambda_provisioned_concurrency_config.live[0].provisioned_concurrent_executions == 3 && aws_lambda_function.this.reserved_concurrent_executions == 10
    error_message = "The alias must have them."
  }
}
