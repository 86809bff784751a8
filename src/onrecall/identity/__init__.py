"""The answers of an OpenID Connect provider come in.
A verified person with a role goes out.
"""
