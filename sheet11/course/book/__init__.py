"""The book of a grading: its store of answers, scores, marks and rubrics, and the tables made from it."""
