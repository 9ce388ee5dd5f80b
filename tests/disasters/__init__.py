"""Everything that may go wrong between the request and the verdict of one upgrade, as data."""
