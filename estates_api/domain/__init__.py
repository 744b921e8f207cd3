"""What must be trusted and explained. Pure: no web, database, file format, clock or configuration."""
