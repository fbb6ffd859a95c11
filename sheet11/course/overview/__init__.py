"""What the class did: numbers, reasons, and answers that are alike."""
