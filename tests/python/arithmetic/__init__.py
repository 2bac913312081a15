"""What the tests of arithmetic share: operands of all kinds, and functions that exist twice."""
