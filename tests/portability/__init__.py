"""What only other systems would show: Windows and macOS, simulated here."""
