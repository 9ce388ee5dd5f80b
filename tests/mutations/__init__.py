"""Guards that are taken out one by one, to see that tests fail without them."""
