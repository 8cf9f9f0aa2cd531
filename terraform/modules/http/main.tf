# The authorizer of an HTTP API. Routes use it with `authorization_type = "CUSTOM"` and the output `authorizer_id`.

resource "aws_apigatewayv2_authorizer" "this" {
  name                              = var.name
  api_id                            = var.api_id
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = var.authorizer_uri
  authorizer_credentials_arn        = var.credentials_arn
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = var.simple_responses
  identity_sources                  = var.identity_sources
  authorizer_result_ttl_in_seconds  = var.ttl_seconds
}
