variable "artefacts_bucket" {
  description = "The bucket with the released zips."
  type        = string
}

variable "release" {
  description = "The release, without the v."
  type        = string
}

variable "sha256" {
  description = "The zip's SHA-256, as the release has it."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets with a NAT gateway."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that allow outgoing HTTPS."
  type        = list(string)
}

variable "permissions_boundary_arn" {
  description = "The permissions boundary of all roles."
  type        = string
}

variable "kms_key_arn" {
  description = "A KMS key, whose policy allows CloudWatch Logs to use it."
  type        = string
}

variable "topic_arn" {
  description = "The SNS topic that alarms are sent to."
  type        = string
}
