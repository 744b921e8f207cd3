"""One public estate for North Central London: catalogue, scores, quarterly shortlists."""

__version__ = "0.1.0"
