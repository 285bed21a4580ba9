"""The parts of show_future: the base read into arrays, and the shape of what is shown."""
