"""What touches the machine: clock, sockets, files, processes, locks."""
