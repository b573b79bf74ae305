"""What detectors are worth: accuracy on examples that the project makes or installs, and what they cost."""
