"""What a chart's templates make of its values, read without Helm: which value drives which field, and how."""
