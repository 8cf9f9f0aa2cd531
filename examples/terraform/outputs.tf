output "authorizer_arn" {
  description = "What APIs call: the function, or its alias."
  value       = local.arn
}

output "authorizer_uri" {
  description = "What API Gateway takes as an authorizer's URI."
  value       = "arn:${data.aws_partition.current.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/${local.arn}/invocations"
}

output "function_name" {
  description = "The function's name."
  value       = aws_lambda_function.authorizer.function_name
}

output "log_group_name" {
  description = "The log group with a line for each decision."
  value       = aws_cloudwatch_log_group.authorizer.name
}
