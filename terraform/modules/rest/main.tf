# The authorizer of a REST API. Methods use it with `authorization = "CUSTOM"` and the output `authorizer_id`.

resource "aws_api_gateway_authorizer" "this" {
  name                             = var.name
  rest_api_id                      = var.rest_api_id
  type                             = var.type
  authorizer_uri                   = var.authorizer_uri
  authorizer_credentials           = var.credentials_arn
  identity_source                  = join(",", var.identity_sources)
  authorizer_result_ttl_in_seconds = var.ttl_seconds
}

locals {
  origin = { "gatewayresponse.header.Access-Control-Allow-Origin" = "'${var.allowed_origin}'" }
  gateway_responses = {
    # Without the header a page does not even see the status of a refusal.
    DEFAULT_4XX  = { status = null, parameters = local.origin, templates = {} }
    DEFAULT_5XX  = { status = null, parameters = local.origin, templates = {} }
    UNAUTHORIZED = { status = "401", parameters = merge(local.origin, { "gatewayresponse.header.WWW-Authenticate" = "'Bearer'" }), templates = {} }
    # messageString comes quoted and escaped. The reason needs no escaping: it is one of a few codes of letters, digits and underscores.
    ACCESS_DENIED = { status = "403", parameters = local.origin, templates = {
      "application/json" = "{\"message\": $context.error.messageString, \"reason\": \"$context.authorizer.reason\"}"
    } }
  }
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each            = { for type, response in local.gateway_responses : type => response if var.gateway_responses }
  rest_api_id         = var.rest_api_id
  response_type       = each.key
  status_code         = each.value.status
  response_parameters = each.value.parameters
  response_templates  = each.value.templates
}
