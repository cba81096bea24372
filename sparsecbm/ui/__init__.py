"""What screens share: page state and address, background tasks, charts, cells, text."""
