"""Tagged music collections: the demo corpus, readers of public data sets, groups and splits."""
