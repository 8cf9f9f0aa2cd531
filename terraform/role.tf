# Its own log group and the services' secrets, and nothing else. GetUser needs no permission: it is an unsigned call with the user's
# own token.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.services == null ? [] : [var.services.secrets_prefix]
    content {
      sid     = "ReadServicesSecrets"
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        "arn:${local.partition}:secretsmanager:${local.secrets_region}:${local.account_id}:secret:${statement.value}/*"
      ]
    }
  }

  dynamic "statement" {
    for_each = try(var.services.kms_key_arn, null) == null ? [] : [var.services.kms_key_arn]
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

  dynamic "statement" {
    for_each = var.tracing == "Active" ? ["*"] : []
    content {
      sid     = "WriteTraces"
      actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      # X-Ray knows no resources for these.
      resources = [statement.value]
    }
  }

  # Lambda's to use, when it attaches the function: these know no resources, or none that exists before.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
  dynamic "statement" {
    for_each = var.vpc == null ? [] : ["*"]
    content {
      sid = "AttachToVpc"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = [statement.value]
    }
  }

  # And not the code's: a call of the function itself carries its ARN.
  dynamic "statement" {
    for_each = var.vpc == null ? [] : ["*"]
    content {
      sid       = "NoNetworkInterfacesForTheCode"
      effect    = "Deny"
      actions   = ["ec2:*"]
      resources = [statement.value]
      condition {
        test     = "ArnLike"
        variable = "lambda:SourceFunctionArn"
        values   = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:*"]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name_prefix          = "${var.name}-"
  description          = "Of the authorizer ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "authorizer"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
