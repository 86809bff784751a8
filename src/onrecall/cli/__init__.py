"""The command line. Arguments come in; lines for people, or JSON for scripts, and an exit code go out."""
