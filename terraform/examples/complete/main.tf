# Everything at once: two pools and another issuer, services, rules, a VPC, keys, alarms, and an API of each kind.

terraform {
  required_version = ">= 1.9"
  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

locals {
  tags = { Team = "payments", Stage = "prod" }
}

# Rules and routes are files, which a layer brings. So are further settings, if the environment is too small.
module "files" {
  source = "../../modules/files"
  name   = "payments-authorizer-files"
  files = {
    "smac/rules/payments.cedar" = file("${path.module}/rules/payments.cedar")
    "smac/routes.json"          = file("${path.module}/rules/routes.json")
    "smac/settings.json" = jsonencode({
      PROVIDER         = ["COGNITO", "OIDC"]
      CACHE            = { TTL_SECONDS = 30 }
      PROVIDER_COGNITO = { TOKEN_USE = ["ACCESS"] }
    })
  }
}

module "authorizer" {
  source       = "../.."
  name         = "payments-authorizer"
  architecture = "arm64"
  package = {
    s3     = { bucket = var.artefacts_bucket, key = "smac-lambda-authorizer-v${var.release}-arm64.zip" }
    sha256 = var.sha256
  }

  user_pools = {
    primary  = { user_pool_id = "eu-west-1_Example", app_client_ids = ["1example23456789"], domain = "payments" }
    partners = { user_pool_id = "eu-west-1_Partners", app_client_ids = ["2example23456789"] }
  }
  issuers = {
    github = {
      issuer          = "https://token.actions.githubusercontent.com"
      audience        = ["https://payments.example.com"]
      principal_type  = "SERVICE"
      required_claims = jsonencode({ repository_owner = "example" })
      user_id_prefix  = "github:"
    }
  }
  services = { secrets_prefix = "smac/prod", kms_key_arn = var.kms_key_arn, rotation_grace_seconds = 3600 }
  rules = {
    policies  = "/opt/smac/rules"
    routes    = "/opt/smac/routes.json"
    namespace = "Payments"
    # Watch for a week what would be refused; then ENFORCE.
    mode = "LOG"
  }
  settings      = { CONTEXT_CLAIMS = "custom:tenant=tenant", JWT__WEBSOCKET_PROTOCOL = "bearer" }
  settings_file = "/opt/smac/settings.json"
  layers        = [module.files.layer_arn]

  api_ids = {
    rest      = aws_api_gateway_rest_api.payments.id
    http      = aws_apigatewayv2_api.payments.id
    websocket = aws_apigatewayv2_api.events.id
  }

  vpc                      = { subnet_ids = var.subnet_ids, security_group_ids = var.security_group_ids }
  permissions_boundary_arn = var.permissions_boundary_arn
  kms_key_arn              = var.kms_key_arn
  log_kms_key_arn          = var.kms_key_arn
  log_retention_days       = 365
  tracing                  = "Active"
  alarms                   = { topic_arns = [var.topic_arn] }
  tags                     = local.tags
}

resource "aws_api_gateway_rest_api" "payments" {
  name = "payments"
  tags = local.tags
}

module "rest" {
  source         = "../../modules/rest"
  rest_api_id    = aws_api_gateway_rest_api.payments.id
  authorizer_uri = module.authorizer.authorizer_uri
  allowed_origin = "https://payments.example.com"
}

resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.payments.id
  resource_id   = aws_api_gateway_rest_api.payments.root_resource_id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = module.rest.authorizer_id
}

resource "aws_apigatewayv2_api" "payments" {
  name          = "payments"
  protocol_type = "HTTP"
  tags          = local.tags
}

module "http" {
  source         = "../../modules/http"
  api_id         = aws_apigatewayv2_api.payments.id
  authorizer_uri = module.authorizer.authorizer_uri
}

resource "aws_apigatewayv2_route" "get" {
  api_id             = aws_apigatewayv2_api.payments.id
  route_key          = "GET /"
  authorization_type = "CUSTOM"
  authorizer_id      = module.http.authorizer_id
}

resource "aws_apigatewayv2_api" "events" {
  name                       = "payments-events"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
  tags                       = local.tags
}

module "websocket" {
  source         = "../../modules/websocket"
  api_id         = aws_apigatewayv2_api.events.id
  authorizer_uri = module.authorizer.authorizer_uri
}

resource "aws_apigatewayv2_route" "connect" {
  api_id             = aws_apigatewayv2_api.events.id
  route_key          = "$connect"
  authorization_type = "CUSTOM"
  authorizer_id      = module.websocket.authorizer_id
}
