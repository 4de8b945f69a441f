"""From tags to the relatedness of tracks (Sections III-B and V)."""
