# A share, or the whole array, has failed for good.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "A job of ${var.name} has failed"
  event_pattern = jsonencode({
    source        = ["aws.batch"]
    "detail-type" = ["Batch Job State Change"]
    detail = {
      status        = ["FAILED"]
      jobDefinition = [{ prefix = "${aws_batch_job_definition.job.arn_prefix}:" }]
    }
  })
  tags = local.tags
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = var.alarm_topic_arn
}

# Requests to S3 and KMS carry no tag of a job: a budget sees the machine time of
# tagged tasks only. --max-cost is what ends a run before its requests cost more.
resource "aws_budgets_budget" "job" {
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:reseal$%s", var.name)]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    notification_type         = "ACTUAL"
    subscriber_sns_topic_arns = [var.alarm_topic_arn]
  }
}
