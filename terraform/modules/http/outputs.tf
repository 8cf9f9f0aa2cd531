output "authorizer_id" {
  description = "For routes, beside `authorization_type = \"CUSTOM\"`."
  value       = aws_apigatewayv2_authorizer.this.id
}
