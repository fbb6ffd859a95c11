"""What learning platforms give and take: who handed in what, and the files in which points and feedback go back."""
