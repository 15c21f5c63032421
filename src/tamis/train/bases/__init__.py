"""Where training starts from, and how what was trained is written down."""
