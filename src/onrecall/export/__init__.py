"""Export and import of a whole store as an archive or a verified backup."""
