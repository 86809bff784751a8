"""Sign-in through an OpenID Connect provider: discovery, the code flow, ID tokens, groups to roles."""
