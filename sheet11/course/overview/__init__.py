"""An overview of a class: statistics, frequent remarks, and answers that are alike."""
