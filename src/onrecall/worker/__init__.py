"""Background work of a server: queued rows come in; grouped alerts, recommendations and notifications go out."""
