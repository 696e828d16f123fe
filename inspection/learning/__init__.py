"""What people teach a running model without a training."""
