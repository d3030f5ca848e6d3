"""Modules that both apps use. They know no model of either."""
