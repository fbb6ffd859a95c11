"""The functions of the sheet for large inputs; nothing here is needed to understand anything."""
