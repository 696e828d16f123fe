"""Accept as good: what people accepted is tolerated, without a training, as long as no known defect is lost."""
