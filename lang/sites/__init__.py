"""Sites of networks: their components, their indices, and whether two of them overlap."""
