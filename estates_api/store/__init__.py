"""All SQL: tables, filters, append-only records."""
