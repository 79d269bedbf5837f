resource "aws_cloudwatch_log_group" "job" {
  name              = "/reseal/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_batch_job_definition" "job" {
  name                  = var.name
  type                  = "container"
  platform_capabilities = ["FARGATE"]
  propagate_tags        = true
  tags                  = local.tags

  container_properties = jsonencode({
    image            = var.image
    executionRoleArn = aws_iam_role.execution.arn
    jobRoleArn       = aws_iam_role.job.arn
    resourceRequirements = [
      { type = "VCPU", value = "1" },
      { type = "MEMORY", value = "2048" },
    ]
    networkConfiguration = { assignPublicIp = "DISABLED" }
    logConfiguration = {
      logDriver = "awslogs"
      options   = { "awslogs-group" = aws_cloudwatch_log_group.job.name }
    }
    environment = [
      { name = "RESEAL_ACCEPT", value = join(",", var.accept) },
      # A container has no home to remember jobs in. A job with another report or key
      # is refused all the same, as the command names both. docs/security.md says
      # what else holds.
      { name = "RESEAL_KNOWN_JOBS", value = "off" },
    ]
    # AWS_BATCH_JOB_ARRAY_INDEX, which Batch sets, says which share this is.
    # Batch kills 30 s after SIGTERM when a job times out: the drain has to end before.
    command = [
      "run",
      "--manifest", var.manifest,
      "--sse-kms-key-id", var.key_arn,
      "--job", "s3://${var.state_bucket}/${var.state_prefix}",
      "--shards", tostring(var.shards),
      "--yes",
      "--no-progress",
      "--log-format", "json",
      "--log-level", "info",
      "--drain-timeout", "20s",
    ]
  })

  retry_strategy {
    attempts = 10
    # Another start would end alike: usage, failed objects, refused, differences.
    # docs/shards.md has a table of all exits. There may be five conditions at most.
    evaluate_on_exit {
      on_exit_code = "2"
      action       = "EXIT"
    }
    evaluate_on_exit {
      on_exit_code = "3"
      action       = "EXIT"
    }
    evaluate_on_exit {
      on_exit_code = "5"
      action       = "EXIT"
    }
    evaluate_on_exit {
      on_exit_code = "7"
      action       = "EXIT"
    }
    # Whatever else ended the process is tried again, as no condition matches:
    # its successor goes on.
  }

  depends_on = [aws_iam_role_policy.job]
}
