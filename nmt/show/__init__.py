"""What is shown: `plots` has the figures and the style of all, `histories` the data behind `movies`, `live` the model
that a reader plays with and `widgets` its panels."""
