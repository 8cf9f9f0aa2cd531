# How to attach the authorizer to a REST API and to an HTTP API that are there.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

variable "zip_path" {
  description = "The archive with the function."
  type        = string
}

variable "user_pool_id" {
  description = "The id of the user pool."
  type        = string
}

variable "app_client_ids" {
  description = "The pool's app clients whose tokens are accepted."
  type        = list(string)
}

variable "rest_api_id" {
  description = "The id of a REST API."
  type        = string
}

variable "http_api_id" {
  description = "The id of an HTTP API."
  type        = string
}

module "authorizer" {
  source         = "../"
  zip_path       = var.zip_path
  secrets_prefix = "smac/prod"
  api_ids        = { rest = var.rest_api_id, http = var.http_api_id }
  settings = {
    SMAC__AUTH__PROVIDER                                            = "COGNITO"
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID   = var.user_pool_id
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID = join(",", var.app_client_ids)
  }
}

# No identity sources and no caching, for two kinds of credentials. Methods use it with `authorization = "CUSTOM"` and
# this `authorizer_id`.
resource "aws_api_gateway_authorizer" "rest" {
  name                             = "smac"
  rest_api_id                      = var.rest_api_id
  type                             = "REQUEST"
  authorizer_uri                   = module.authorizer.authorizer_uri
  identity_source                  = ""
  authorizer_result_ttl_in_seconds = 0
}

# A 403 that shows the reason, to pages of any origin.
resource "aws_api_gateway_gateway_response" "denied" {
  rest_api_id   = var.rest_api_id
  response_type = "ACCESS_DENIED"
  status_code   = "403"
  response_parameters = {
    "gatewayresponse.header.Access-Control-Allow-Origin" = "'*'"
  }
  response_templates = {
    "application/json" = "{\"message\": $context.error.messageString, \"reason\": \"$context.authorizer.reason\"}"
  }
}

# Policies as answers. For simple ones, `enable_simple_responses = true` and SMAC__AUTH__HTTP_API_RESPONSE = "SIMPLE" go
# together. Routes use it with `authorization_type = "CUSTOM"` and this `authorizer_id`.
resource "aws_apigatewayv2_authorizer" "http" {
  name                              = "smac"
  api_id                            = var.http_api_id
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = module.authorizer.authorizer_uri
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = false
  authorizer_result_ttl_in_seconds  = 0
}

output "rest_authorizer_id" {
  description = "For the methods of the REST API."
  value       = aws_api_gateway_authorizer.rest.id
}

output "http_authorizer_id" {
  description = "For the routes of the HTTP API."
  value       = aws_apigatewayv2_authorizer.http.id
}
