package deploy

// The parts of the Kubernetes API that the manifest uses (Kubernetes API
// reference v1.31: batch/v1 Job, core/v1 PodSpec; as of 2026-11).
var (
	metadata = object(map[string]rule{"name!": text, "namespace": text, "labels": labels, "annotations": labels})

	serviceAccount = object(map[string]rule{"apiVersion!": oneOf("v1"), "kind!": oneOf("ServiceAccount"), "metadata!": metadata})

	quantities = object(map[string]rule{"cpu": text, "memory": text})

	container = object(map[string]rule{
		"name!": text, "image!": text, "command": texts, "args": texts,
		"env":       list(object(map[string]rule{"name!": text, "value!": text})),
		"resources": object(map[string]rule{"requests": quantities, "limits": quantities}),
		"securityContext": object(map[string]rule{"allowPrivilegeEscalation": boolean, "readOnlyRootFilesystem": boolean,
			"capabilities": object(map[string]rule{"drop": texts})}),
		"volumeMounts": list(object(map[string]rule{"name!": text, "mountPath!": text, "readOnly": boolean})),
	})

	podSpec = object(map[string]rule{
		"serviceAccountName":            text,
		"restartPolicy!":                oneOf("Never"), // a pod failure policy allows nothing else
		"terminationGracePeriodSeconds": number,
		"securityContext": object(map[string]rule{"runAsNonRoot": boolean, "runAsUser": number,
			"seccompProfile": object(map[string]rule{"type!": oneOf("RuntimeDefault", "Localhost", "Unconfined")})}),
		"containers!": list(container),
		"volumes":     list(object(map[string]rule{"name!": text, "emptyDir": object(map[string]rule{"sizeLimit": text})})),
	})

	failureRule = object(map[string]rule{
		"action!": oneOf("FailJob", "FailIndex", "Ignore", "Count"),
		"onExitCodes": object(map[string]rule{"containerName": text, "operator!": oneOf("In", "NotIn"),
			"values!": list(number)}),
		"onPodConditions": list(object(map[string]rule{"type!": text, "status": oneOf("True", "False", "Unknown")})),
	})

	indexedJob = object(map[string]rule{
		"apiVersion!": oneOf("batch/v1"), "kind!": oneOf("Job"), "metadata!": metadata,
		"spec!": object(map[string]rule{
			"completionMode!": oneOf("Indexed"), "completions!": number, "parallelism!": number,
			"backoffLimit": number, "backoffLimitPerIndex": number, "maxFailedIndexes": number,
			"activeDeadlineSeconds": number, "ttlSecondsAfterFinished": number,
			"podFailurePolicy!": object(map[string]rule{"rules!": list(failureRule)}),
			"template!":         object(map[string]rule{"metadata": object(map[string]rule{"labels": labels, "annotations": labels}), "spec!": podSpec}),
		}),
	})
)

// The parts of AWS CloudFormation that the template uses (AWS CloudFormation
// User Guide, template anatomy and resource types, as of 2026-11).
var (
	template = object(map[string]rule{
		"AWSTemplateFormatVersion!": oneOf("2010-09-09"), "Description": text,
		"Parameters": {kind: "map", items: &parameter},
		"Resources!": {kind: "map", items: &resource},
		"Outputs":    {kind: "map", items: &output},
	})
	parameter = object(map[string]rule{
		"Type!":       oneOf("String", "Number", "List<AWS::EC2::Subnet::Id>", "List<AWS::EC2::SecurityGroup::Id>"),
		"Description": text, "Default": whatever, "MinValue": number, "MaxValue": number,
	})
	resource = object(map[string]rule{"Type!": text, "Properties!": {kind: "map"}})
	output   = object(map[string]rule{"Description": text, "Value!": text})

	policyDocument = object(map[string]rule{
		"Version!": oneOf("2012-10-17"),
		"Statement!": list(object(map[string]rule{"Sid": text, "Effect!": oneOf("Allow", "Deny"), "Action!": whatever, "Resource": whatever,
			"Principal": object(map[string]rule{"Service!": text})})),
	})

	resourceTypes = map[string]rule{
		"AWS::IAM::Role": object(map[string]rule{"AssumeRolePolicyDocument!": policyDocument, "ManagedPolicyArns": texts,
			"Policies": list(object(map[string]rule{"PolicyName!": text, "PolicyDocument!": policyDocument}))}),
		"AWS::Logs::LogGroup": object(map[string]rule{"LogGroupName": text, "RetentionInDays": number}),
		"AWS::Batch::ComputeEnvironment": object(map[string]rule{
			"Type!": oneOf("MANAGED", "UNMANAGED"), "State": oneOf("ENABLED", "DISABLED"),
			"ComputeResources": object(map[string]rule{"Type!": oneOf("EC2", "SPOT", "FARGATE", "FARGATE_SPOT"), "MaxvCpus!": number,
				"Subnets!": texts, "SecurityGroupIds": texts}),
		}),
		"AWS::Batch::JobQueue": object(map[string]rule{"Priority!": number, "State": oneOf("ENABLED", "DISABLED"),
			"ComputeEnvironmentOrder": list(object(map[string]rule{"Order!": number, "ComputeEnvironment!": text}))}),
		"AWS::Batch::JobDefinition": object(map[string]rule{
			"Type!":                oneOf("container", "multinode"),
			"PlatformCapabilities": list(oneOf("EC2", "FARGATE")), "PropagateTags": boolean,
			"RetryStrategy": object(map[string]rule{"Attempts": number, "EvaluateOnExit": list(object(map[string]rule{
				"Action!": oneOf("RETRY", "EXIT"), "OnExitCode": text, "OnReason": text, "OnStatusReason": text}))}),
			"ContainerProperties": object(map[string]rule{
				"Image!": text, "ExecutionRoleArn": text, "JobRoleArn": text, "Command": texts,
				"ResourceRequirements": list(object(map[string]rule{"Type!": oneOf("VCPU", "MEMORY", "GPU"), "Value!": text})),
				"NetworkConfiguration": object(map[string]rule{"AssignPublicIp": oneOf("ENABLED", "DISABLED")}),
				"LogConfiguration":     object(map[string]rule{"LogDriver!": text, "Options": labels}),
			}),
		}),
	}
)
