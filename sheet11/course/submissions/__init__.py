"""What students hand in: files that nobody should have to trust, opened, measured and reduced to answers."""
