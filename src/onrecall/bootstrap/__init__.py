"""The one place that reads the settings and puts parts together: settings come in, an open application goes out."""
