output "layer_arn" {
  description = "For the module's `layers`."
  value       = aws_lambda_layer_version.this.arn
}
