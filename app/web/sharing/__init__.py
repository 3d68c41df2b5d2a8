"""What is taken along from a page: pictures in three shapes, badges, embeds, and snippets for other sites."""
