"""Answers of AWS in the shapes that its APIs give them, and the cases made from them."""
