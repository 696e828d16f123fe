"""From a trained detector to a signed bundle, by way of the parity gate."""
