"""Changes into edits, their proof, their wording."""
