"""What a hedge is: values, machines and decisions; no I/O, no clock."""
