data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  tags = { reseal = var.name }

  tasks_may_assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Starts the container: pulls the image, writes logs.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = local.tasks_may_assume
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# What reseal itself may do.
resource "aws_iam_role" "job" {
  name               = "${var.name}-job"
  assume_role_policy = local.tasks_may_assume
  tags               = local.tags
}

# What a plan with all options needs: take out of the file what yours does not.
# `reseal permissions` prints that; a test compares this with it.
resource "aws_iam_role_policy" "job" {
  name = "reseal"
  role = aws_iam_role.job.id
  policy = templatefile("${path.module}/policy.json.tftpl", {
    partition     = data.aws_partition.current.partition
    dns_suffix    = data.aws_partition.current.dns_suffix
    region        = data.aws_region.current.name
    role_arn      = aws_iam_role.job.arn
    source_bucket = var.source_bucket
    report_bucket = var.report_bucket
    state_bucket  = var.state_bucket
    state_prefix  = var.state_prefix
    key_arn       = var.key_arn
  })
}

resource "aws_iam_role_policy" "state_key" {
  count = var.state_key_arn == "" ? 0 : 1
  name  = "reseal-state"
  role  = aws_iam_role.job.id
  policy = templatefile("${path.module}/policy-state-key.json.tftpl", {
    dns_suffix    = data.aws_partition.current.dns_suffix
    region        = data.aws_region.current.name
    state_key_arn = var.state_key_arn
  })
}
