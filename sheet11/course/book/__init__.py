"""The book of a grading: the store of answers, scores, marks and rubrics, and its tables."""
