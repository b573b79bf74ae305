"""Video: a camera's packets are read, kept, decoded and remuxed; the only place that touches PyAV."""
