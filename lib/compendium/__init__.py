"""What only the book needs: figures, tables, kept measurements, the paper's own numbers."""
