"""What is shown: `plots` has figures and their style, `live` the model a reader plays with, `widgets` its panels."""
