# Alarms, the dashboard and the saved queries are those of the SAM template: the files under observe/ are made from it.

locals {
  alarms = jsondecode(var.alarms == null ? "{}" : templatefile("${path.module}/observe/alarms.json", {
    function             = aws_lambda_function.this.function_name
    namespace            = var.name
    unauthorized_percent = var.alarms.unauthorized_percent
    silence_minutes      = var.alarms.silence_minutes
  }))
  # `&&` and `||` look at both sides, so null must be dealt with here.
  is_silence_alarming = try(var.alarms.silence_minutes > 0, false)
  queries             = jsondecode(file("${path.module}/observe/queries.json"))
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = { for name, alarm in local.alarms : name => alarm if name != "SilenceAlarm" || local.is_silence_alarming }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.AlarmDescription
  namespace           = lookup(each.value, "Namespace", null)
  metric_name         = lookup(each.value, "MetricName", null)
  dimensions          = { for dimension in lookup(each.value, "Dimensions", []) : dimension.Name => dimension.Value }
  statistic           = lookup(each.value, "Statistic", null)
  extended_statistic  = lookup(each.value, "ExtendedStatistic", null)
  period              = lookup(each.value, "Period", null)
  unit                = lookup(each.value, "Unit", null)
  evaluation_periods  = each.value.EvaluationPeriods
  datapoints_to_alarm = lookup(each.value, "DatapointsToAlarm", null)
  comparison_operator = each.value.ComparisonOperator
  threshold           = each.value.Threshold
  treat_missing_data  = each.value.TreatMissingData
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = local.tags

  dynamic "metric_query" {
    for_each = lookup(each.value, "Metrics", [])
    content {
      id          = metric_query.value.Id
      label       = lookup(metric_query.value, "Label", null)
      expression  = lookup(metric_query.value, "Expression", null)
      return_data = lookup(metric_query.value, "ReturnData", true)

      dynamic "metric" {
        for_each = [for stat in [lookup(metric_query.value, "MetricStat", null)] : stat if stat != null]
        content {
          namespace   = metric.value.Metric.Namespace
          metric_name = metric.value.Metric.MetricName
          dimensions  = { for dimension in metric.value.Metric.Dimensions : dimension.Name => dimension.Value }
          stat        = metric.value.Stat
          period      = metric.value.Period
        }
      }
    }
  }
}

# A function that does not start decides nothing, and so has no metrics of its own. Its log has the mistakes.
resource "aws_cloudwatch_log_metric_filter" "error_lines" {
  count          = var.alarms == null ? 0 : 1
  name           = "${var.name}-error-lines"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.level = \"ERROR\" }"

  metric_transformation {
    namespace = var.name
    name      = "ErrorLines"
    value     = "1"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  # Without metrics it would be empty.
  count          = var.dashboard && upper(lookup(var.settings, "METRICS", "EMF")) == "EMF" ? 1 : 0
  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = templatefile("${path.module}/observe/dashboard.json", {
    function  = aws_lambda_function.this.function_name
    log_group = aws_cloudwatch_log_group.this.name
    region    = local.region
  })
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each        = var.saved_queries ? local.queries : {}
  name            = "${var.name}/${each.key}"
  log_group_names = [aws_cloudwatch_log_group.this.name]
  query_string    = each.value
}
