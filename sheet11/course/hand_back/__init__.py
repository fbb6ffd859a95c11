"""Tables and feedback pages, and the files that learning platforms accept."""
