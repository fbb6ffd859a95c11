"""Running, re-running, releasing and grading notebooks: any that have a parameters cell and records."""
