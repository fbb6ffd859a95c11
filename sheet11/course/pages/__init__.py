"""Web pages of notebooks, sweeps and gradings."""
