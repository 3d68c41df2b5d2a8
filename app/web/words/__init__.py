"""Words: what pages, pictures and the API say of a year, made from an event alone, without Redis or a database."""
