"""Search a music collection by example, in chosen respects."""
