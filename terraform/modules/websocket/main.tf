# The authorizer of a WebSocket API. The route $connect uses it with `authorization_type = "CUSTOM"` and the output `authorizer_id`;
# other routes can have none. WebSocket APIs cache no answers.

resource "aws_apigatewayv2_authorizer" "this" {
  name                       = var.name
  api_id                     = var.api_id
  authorizer_type            = "REQUEST"
  authorizer_uri             = var.authorizer_uri
  authorizer_credentials_arn = var.credentials_arn
  identity_sources           = var.identity_sources
}
