"""A command or a step comes in; how dangerous it is, and why, goes out."""
