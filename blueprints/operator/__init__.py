"""The console of whoever runs the installation. Its routes need an operator, whose session proved two steps (BS-12)."""
