"""What an organisation has, and who may use it and look after it."""
