"""Fast versions of the sheet's functions for large inputs; the plain versions are the ones to read."""
