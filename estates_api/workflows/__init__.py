"""The verbs: each one transaction, with its audit event in the same transaction."""
