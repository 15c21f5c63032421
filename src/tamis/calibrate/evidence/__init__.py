"""What scores and probabilities are worth, and the page that shows it."""
