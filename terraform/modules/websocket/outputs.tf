output "authorizer_id" {
  description = "For the route `$connect`, beside `authorization_type = \"CUSTOM\"`."
  value       = aws_apigatewayv2_authorizer.this.id
}
