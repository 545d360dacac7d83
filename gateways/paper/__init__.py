"""Live quotes, and orders filled against them inside our side."""
