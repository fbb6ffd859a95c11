"""All that knows it is inside a notebook: records, answers, progress, figures, sliders."""
