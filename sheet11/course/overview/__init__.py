"""Overview of a class: statistics, frequent remarks, and similar answers."""
