"""The files of the sentence model all-MiniLM-L6-v2, in the folder `weights`."""
