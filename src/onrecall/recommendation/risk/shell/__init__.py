"""Shell text: its syntax, its words, the simple commands in it."""
