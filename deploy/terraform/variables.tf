variable "name" {
  description = "Name of all that is made here, and prefix of the names of its parts"
  type        = string
  default     = "reseal"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "At most 31 small letters, digits and dashes, a letter first."
  }
}

variable "image" {
  description = "Container image with the program reseal as its entry point"
  type        = string
}

variable "source_bucket" {
  description = "Bucket whose objects are re-encrypted"
  type        = string
}

variable "report_bucket" {
  description = "Bucket that holds the inventory report"
  type        = string
}

variable "manifest" {
  description = "Address of the manifest.json of the report"
  type        = string
  validation {
    condition     = startswith(var.manifest, "s3://")
    error_message = "The report lies in a bucket: s3://BUCKET/PREFIX/manifest.json."
  }
}

variable "key_arn" {
  description = "KMS key to re-encrypt under"
  type        = string
  validation {
    condition     = can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.key_arn))
    error_message = "The ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "state_bucket" {
  description = "Bucket that keeps the state of the job; not the one that is re-encrypted"
  type        = string
}

variable "state_prefix" {
  description = "Prefix of the state in that bucket"
  type        = string
  default     = "reseal"
}

variable "state_key_arn" {
  description = "KMS key that the bucket of the state encrypts under; empty where it has none"
  type        = string
  default     = ""
}

variable "queue_arn" {
  description = "Job queue of AWS Batch, on a Fargate compute environment, that shares are submitted to"
  type        = string
}

variable "shards" {
  description = "Number of shares, and size that the array job is submitted with"
  type        = number
  default     = 8
  validation {
    condition     = var.shards >= 2 && var.shards <= 10000 && floor(var.shards) == var.shards
    error_message = "AWS Batch takes arrays of 2 to 10000."
  }
}

variable "accept" {
  description = "Hazards that are accepted, as reseal preflight names them"
  type        = list(string)
  default     = []
}

variable "alarm_topic_arn" {
  description = "SNS topic that is told of failed shares and of the budget. Its policy has to let events.amazonaws.com and budgets.amazonaws.com publish"
  type        = string
}

variable "monthly_budget_usd" {
  description = "US dollars a month of all that carries the tag reseal=NAME, above which the topic is told"
  type        = number
}

variable "log_retention_days" {
  description = "Days that logs are kept"
  type        = number
  default     = 90
}
