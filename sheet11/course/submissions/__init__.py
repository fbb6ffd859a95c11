"""Students' hand-ins: untrusted files, read within limits and reduced to answers."""
