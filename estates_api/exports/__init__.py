"""Forms in which data leave: lists (writers.py), whole collections (bulk), reports, calendars, letters."""
