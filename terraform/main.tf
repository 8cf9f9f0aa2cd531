# The authorizer: a function from a zip, with a role and a log group of its own, and permission for API Gateway to call it.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  # The region's name as ARNs have it; the attribute that holds it has changed between the provider's versions.
  region         = split(":", aws_cloudwatch_log_group.this.arn)[3]
  secrets_region = try(coalesce(var.services.secrets_region), local.region)
  # What APIs call: the alias, if there is one.
  arn       = var.publish ? aws_lambda_alias.live[0].arn : aws_lambda_function.this.arn
  qualifier = var.publish ? aws_lambda_alias.live[0].name : null
  tags      = length(var.tags) == 0 ? null : var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = local.tags
}

resource "aws_lambda_function" "this" {
  function_name     = var.name
  description       = "Decides about requests to API Gateway."
  filename          = local.package_file
  s3_bucket         = try(var.package.s3.bucket, null)
  s3_key            = try(var.package.s3.key, null)
  s3_object_version = try(var.package.s3.version, null)
  source_code_hash  = local.package_hash
  runtime           = "provided.al2023"
  handler           = "bootstrap"
  architectures     = [var.architecture]
  layers            = var.layers
  memory_size       = var.memory_size
  # Two lookups of 2 s each at most, for one request; API Gateway waits for 10 s.
  timeout                        = 10
  role                           = aws_iam_role.this.arn
  reserved_concurrent_executions = var.reserved_concurrency
  publish                        = var.publish
  kms_key_arn                    = var.kms_key_arn
  tags                           = local.tags

  logging_config {
    log_group = aws_cloudwatch_log_group.this.name
    # No level beside it: it is INFO, and with a higher one Lambda would drop the decisions, whose lines have none.
    log_format = "JSON"
  }

  tracing_config {
    mode = var.tracing
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  environment {
    variables = local.environment
  }

  depends_on = [aws_iam_role_policy.this, terraform_data.download]
}

# Each change of the code or of a setting is a version, and the alias goes with it.
resource "aws_lambda_alias" "live" {
  count            = var.publish ? 1 : 0
  name             = "live"
  description      = "What APIs call."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count                             = var.provisioned_concurrency > 0 ? 1 : 0
  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live[0].name
  provisioned_concurrent_executions = var.provisioned_concurrency
}

resource "aws_lambda_permission" "api_gateway" {
  # Names as the keys, since the ids of new APIs are not known beforehand.
  for_each = merge(
    { for name, id in var.api_ids : name => "arn:${local.partition}:execute-api:${local.region}:${local.account_id}:${id}" },
    var.api_arns,
  )
  statement_id  = "api-gateway-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = local.qualifier
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${each.value}/authorizers/*"
}

# API Gateway calls as a service, which belongs to no organization. So this is for authorizers with a role of the API's account.
resource "aws_lambda_permission" "organization" {
  count            = var.organization_id == null ? 0 : 1
  statement_id     = "organization"
  action           = "lambda:InvokeFunction"
  function_name    = aws_lambda_function.this.function_name
  qualifier        = local.qualifier
  principal        = "*"
  principal_org_id = var.organization_id
}
