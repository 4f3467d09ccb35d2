"""What is shown: `plots` has the figures and the style of all, `live` the model that a reader plays with and `widgets`
its panels."""
