"""HTTP: parse, call one workflow or store function, answer."""
