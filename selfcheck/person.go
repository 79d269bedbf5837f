package selfcheck

// personItems are questions that scratch objects cannot answer. How says who can.
func personItems() []Item {
	return []Item{
		{Number: "Q50", Title: "Does an update set off an event notification", Source: "S3 User Guide, notification-how-to-event-types-and-destinations (read 2026-11-21)",
			Docs: "No event type names it. Ask: subscribe a queue to all events of a test bucket, update one object, look.", Effect: "hazard events with --method update"},
		{Number: "Q51", Title: "Does an update change rows of S3 Metadata tables", Source: noPage,
			Docs: "Not stated. Ask: update an object of a bucket with a journal table, read the table an hour later.", Effect: "reading the result from tables"},
		{Number: "Q52", Title: "An update of an object with an event hold", Source: updateAPI,
			Docs: "Retention and legal hold refuse it; event holds are not named. Ask: hold an object of a test bucket, update it.", Effect: "whether held objects are skipped or tried"},
		{Number: "Q53", Title: "Which condition keys a policy can use for s3:UpdateObjectEncryption", Source: noPage,
			Docs: "Not stated. Ask: deny it in a test bucket under each key of s3:PutObject, and update.", Effect: "reseal enforce and permissions"},
		{Number: "Q54", Title: "A Deny on encryption headers, and parts and completions that carry none", Source: "S3 User Guide, UsingKMSEncryption (read 2026-11-21)",
			Docs: "Not stated. Ask: reseal enforce a test bucket, then aws s3 cp a file of 100 MB into it.", Effect: "reseal enforce --require-header"},
		{Number: "Q55", Title: "The error of an update while KMS throttles", Source: noPage,
			Docs: "Not stated; taken for what copies answer: 503 SlowDown that names KMS.", Effect: "which limiter slows down"},
		{Number: "Q56", Title: "Where the newest columns stand in a report", Source: "S3 User Guide, storage-inventory (read 2026-11-21)",
			Docs: "Not stated; reseal goes by the report's own schema, never by position.", Effect: "none"},
		{Number: "Q57", Title: "How long S3 keeps a bucket key", Source: "S3 User Guide, bucket-key (read 2026-11-21)",
			Docs: "A short time that is not published. Q31 shows its effect over a minute.", Effect: "KMS requests of slow runs"},
	}
}
