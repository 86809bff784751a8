"""What is spoken to a server: SQL, Redis, the MongoDB shell, lines sent to a socket."""
