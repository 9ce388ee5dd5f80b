"""What vaultlift knows about vaults, without any I/O and without Azure."""
