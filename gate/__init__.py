"""The gate: a proxy before an application asks us about each request, and is told who is there, or nobody."""
