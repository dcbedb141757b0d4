"""What runs beside author code: zygotes, attempts, asking. The only room where author code runs."""
