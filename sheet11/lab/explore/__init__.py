"""The sliders of the sheet, by exercise: a figure that follows while a person changes its settings."""
