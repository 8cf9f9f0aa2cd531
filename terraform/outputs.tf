output "authorizer_arn" {
  description = "What APIs call: the function's alias, or the function."
  value       = local.arn
}

output "authorizer_uri" {
  description = "What API Gateway takes as an authorizer's URI."
  value       = "arn:${local.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/${local.arn}/invocations"
}

output "function_name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "function_version" {
  description = "The version that was published last; `$LATEST` without `publish`."
  value       = aws_lambda_function.this.version
}

output "role_arn" {
  description = "The function's role."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "The log group with a line for each decision."
  value       = aws_cloudwatch_log_group.this.name
}

output "alarm_arns" {
  description = "The alarms by their names in the SAM template."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}

output "dashboard_name" {
  description = "The dashboard's name, or null."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}
