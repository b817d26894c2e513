"""Ways to give the first proof."""
