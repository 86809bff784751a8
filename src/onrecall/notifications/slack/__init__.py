"""What changed of an incident comes in.
One Slack message per incident goes out, kept up to date, with its thread and its forms.
"""
