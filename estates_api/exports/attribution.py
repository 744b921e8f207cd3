"""Whose data every file rests on, and under which licence."""

ATTRIBUTION = (
    "Contains National Statistics, OS and Royal Mail data © Crown copyright and database right; NHS Digital. Open "
    "Government Licence v3.0. Each edition has its publisher and licence at /editions of the service."
)
