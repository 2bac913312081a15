"""What the suites that compare compiled with interpreted Python have in common."""
