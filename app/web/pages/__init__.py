"""The pages a listener sees, one module for each route."""
