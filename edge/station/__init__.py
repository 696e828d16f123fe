"""The station: from trigger to verdict, and everything that may happen after it."""
