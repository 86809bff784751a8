"""Steps that are told in words."""
