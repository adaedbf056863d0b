"""What is measured, and how. Protected: a researcher's change never touches this folder (see trainer/README.md)."""
