"""Tables and pages of feedback, and the files in which learning platforms take them."""
