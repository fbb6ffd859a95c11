"""The book of a grading: answers, marks and rubrics in a store, and the tables and pages made of it."""
