"""All of memory as files: a store comes in, an archive or a checked backup goes out, and back."""
