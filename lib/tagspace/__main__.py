"""``python -m tagspace``."""

from tagspace.cli import main

main()
