output "authorizer_id" {
  description = "For methods, beside `authorization = \"CUSTOM\"`."
  value       = aws_api_gateway_authorizer.this.id
}
