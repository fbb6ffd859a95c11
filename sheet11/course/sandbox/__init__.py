"""Where answers run that nobody should have to trust."""
