output "submit" {
  description = "The command that starts all shares"
  value       = "aws batch submit-job --job-name ${var.name} --job-queue ${var.queue_arn} --job-definition ${aws_batch_job_definition.job.arn} --array-properties size=${var.shards} --propagate-tags"
}

output "job_role_arn" {
  description = "Role that reseal runs as, for the policy of the key"
  value       = aws_iam_role.job.arn
}

output "log_group" {
  description = "Log group of all shares"
  value       = aws_cloudwatch_log_group.job.name
}
