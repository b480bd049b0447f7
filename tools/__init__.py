"""What generates (the diagram, the schemas), what measures, and what cuts recordings.

Nothing in here runs in Azure.
"""
