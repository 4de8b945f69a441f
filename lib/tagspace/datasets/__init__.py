"""Music collections with tags: the demo corpus, readers of public releases, groups and splits."""
