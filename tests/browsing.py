"""A browser without JavaScript, that looks at each page before it gives it to the test."""
Browser = None
