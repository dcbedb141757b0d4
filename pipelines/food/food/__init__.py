"""What the four steps share: where pictures come from and go to, and what is seen in them."""
