# The authorizer: a function from a zip, with a role and a log group of its own, and permission for API Gateway to call it.

terraform {
  # Validations that look at other variables need 1.9.
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # The region's name as ARNs have it; the attribute that holds it has changed between the provider's versions.
  region         = split(":", aws_cloudwatch_log_group.authorizer.arn)[3]
  secrets_region = var.secrets_region == "" ? local.region : var.secrets_region
  # What APIs call: the alias, if there is one.
  arn = var.publish ? aws_lambda_alias.live[0].arn : aws_lambda_function.authorizer.arn
}

resource "aws_cloudwatch_log_group" "authorizer" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "authorizer" {
  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.authorizer.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.secrets_prefix == "" ? [] : [var.secrets_prefix]
    content {
      sid     = "ReadServicesSecrets"
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        "arn:${data.aws_partition.current.partition}:secretsmanager:${local.secrets_region}:${data.aws_caller_identity.current.account_id}:secret:${statement.value}/*"
      ]
    }
  }

  dynamic "statement" {
    for_each = var.secrets_prefix == "" || var.secrets_kms_key_arn == "" ? [] : [var.secrets_kms_key_arn]
    content {
      sid       = "DecryptServicesSecrets"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${local.secrets_region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role" "authorizer" {
  name_prefix        = "smac-authorizer-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "authorizer" {
  name   = "authorizer"
  role   = aws_iam_role.authorizer.id
  policy = data.aws_iam_policy_document.authorizer.json
}

resource "aws_lambda_function" "authorizer" {
  function_name    = var.name
  description      = "Decides about requests to API Gateway."
  filename         = var.zip_path
  source_code_hash = filebase64sha256(var.zip_path)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = var.memory_size
  # Two lookups of 2 s each at most, for one request; API Gateway waits for 10 s.
  timeout                        = 10
  role                           = aws_iam_role.authorizer.arn
  reserved_concurrent_executions = var.reserved_concurrency
  publish                        = var.publish

  logging_config {
    log_group  = aws_cloudwatch_log_group.authorizer.name
    log_format = "JSON"
  }

  environment {
    variables = merge(
      var.settings,
      # The same prefix and region as in the role.
      var.secrets_prefix == "" ? {} : {
        SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX = var.secrets_prefix
        SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION        = local.secrets_region
      },
    )
  }

  depends_on = [aws_iam_role_policy.authorizer]
}

# Each change of the code or of a setting is a version, and the alias goes with it.
resource "aws_lambda_alias" "live" {
  count            = var.publish ? 1 : 0
  name             = "live"
  function_name    = aws_lambda_function.authorizer.function_name
  function_version = aws_lambda_function.authorizer.version
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count                             = var.publish && var.provisioned_concurrency > 0 ? 1 : 0
  function_name                     = aws_lambda_function.authorizer.function_name
  qualifier                         = aws_lambda_alias.live[0].name
  provisioned_concurrent_executions = var.provisioned_concurrency
}

resource "aws_lambda_permission" "api_gateway" {
  # Names as the keys, since the ids of new APIs are not known beforehand.
  for_each      = var.api_ids
  statement_id  = "api-gateway-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.authorizer.function_name
  qualifier     = var.publish ? aws_lambda_alias.live[0].name : null
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:${data.aws_partition.current.partition}:execute-api:${local.region}:${data.aws_caller_identity.current.account_id}:${each.value}/authorizers/*"
}
