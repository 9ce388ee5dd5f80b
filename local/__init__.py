"""Everything that runs vaultlift without Azure: engine, Functions host, broker, simulated Azure."""
