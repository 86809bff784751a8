"""The doors: ways in and out of OnRecall. Each rings the line and translates; none decides."""
