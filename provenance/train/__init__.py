"""Training: works become weights. What is learnt from, with what, and how well it went is given back as values."""
