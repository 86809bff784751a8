"""Extract incidents from postmortems, each field with the line it came from."""
