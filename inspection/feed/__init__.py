"""Results told to others as they come: a stream for who listens, webhooks for who does not."""
