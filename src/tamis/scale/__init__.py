"""From one machine to many: pairs by the million, servers side by side, and what that takes."""
