"""Where files are cached, how progress is shown, how memory is kept."""
