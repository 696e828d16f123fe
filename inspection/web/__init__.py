"""The pages: Jinja2 templates, native ES modules, one style sheet; nothing from the internet."""
